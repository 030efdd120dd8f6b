export const id = 3;
export const ids = [3];
export const modules = {

/***/ 3:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  createApplication: () => (/* binding */ createApplication)
});

// EXTERNAL MODULE: ./build/src/http/transport.js + 7 modules
var transport = __webpack_require__(872);
// EXTERNAL MODULE: ./build/src/nodion/connect.js + 3 modules
var connect = __webpack_require__(544);
// EXTERNAL MODULE: ./build/src/runner/step-failure.js
var step_failure = __webpack_require__(367);
// EXTERNAL MODULE: ./build/src/time/deadline.js + 1 modules
var deadline = __webpack_require__(413);
// EXTERNAL MODULE: ./build/src/nodion/errors.js
var errors = __webpack_require__(568);
// EXTERNAL MODULE: ./build/src/nodion/post-once.js
var post_once = __webpack_require__(111);
// EXTERNAL MODULE: ./build/src/nodion/retry.js
var nodion_retry = __webpack_require__(25);
;// CONCATENATED MODULE: ./build/src/nodion/ensure-application.js





const ALREADY_THERE = [400, 409, 422];
async function ensureApplication(options) {
    const { client, wanted, signal, onRetry, onProgress } = options;
    async function find() {
        const applications = await (0,nodion_retry/* retryRead */.N)(() => client.applications({ signal, isFresh: true }), {
            signal,
            onRetry,
        });
        const [match = null, ...others] = applications.filter(({ name }) => name === wanted.name);
        if (others.length > 0) {
            const ids = [match, ...others].map((application) => application?.id).join(', ');
            throw new step_failure/* StepFailure */.p('Ambiguous name', `${others.length + 1} applications are called ${JSON.stringify(wanted.name)}: ${ids}`);
        }
        return match;
    }
    function accept(application) {
        const mismatch = configurationMismatch(application, wanted);
        if (mismatch)
            throw mismatch;
        return application;
    }
    const existing = await find();
    if (existing)
        return { application: accept(existing), created: false };
    try {
        const { result, found } = await (0,post_once/* postOnce */.yn)({
            post: () => (0,post_once/* post */.bE)(client.createApplication(wanted, signal)),
            search: find,
            signal,
            onUnknownOutcome: ({ message }) => onProgress(`${message}; looking whether it was created before anything is repeated`),
            onRepeat: (attempt) => onProgress(`It has not appeared: creating it again (attempt ${attempt})`),
        });
        if (found)
            onProgress('It had been created');
        const application = result?.name === wanted.name ? result : await findCreated();
        return { application: found ? accept(application) : application, created: true };
    }
    catch (error) {
        if (error instanceof errors/* NodionError */.IU && ALREADY_THERE.includes(error.status)) {
            const application = await find();
            if (!application)
                throw error;
            return { application: accept(application), created: false };
        }
        if (!(error instanceof post_once/* UnknownOutcome */.Bt))
            throw error;
        const { cause } = error;
        const isCancelled = cause instanceof deadline/* Interrupted */.j$ && cause.reason === 'cancelled';
        const ended = isCancelled ? 'the workflow was cancelled' : 'time was over';
        const reason = cause instanceof deadline/* Interrupted */.j$ ? (cause.lastError ?? ended) : cause;
        throw new step_failure/* StepFailure */.p(isCancelled ? 'Cancelled' : 'Perhaps created', `An application called ${JSON.stringify(wanted.name)} may have been created: ${reason instanceof Error ? reason.message : reason}. Run the step again: it takes an application that exists`);
    }
    async function findCreated() {
        try {
            return await (0,nodion_retry/* retryRead */.N)(async () => {
                const listed = await find();
                if (listed)
                    return listed;
                throw new errors/* NodionError */.IU('Nodion answered with success, but does not list it', {
                    retryable: true,
                });
            }, { signal, onRetry });
        }
        catch (error) {
            throw new post_once/* UnknownOutcome */.Bt(error);
        }
    }
}
function configurationMismatch(existing, wanted) {
    const pairs = [
        ['deployment_strategy', existing.deployment_strategy, wanted.deployment_strategy],
        ['region_id', existing.region.id, wanted.region_id],
    ];
    const differences = pairs
        .filter(([, is, asked]) => is !== null && is.toLowerCase() !== asked.toLowerCase())
        .map(([name, is, asked]) => `its \`${name}\` is ${is}, not ${asked}`);
    if (differences.length === 0)
        return null;
    return new step_failure/* StepFailure */.p('Another application of that name', `An application called ${JSON.stringify(wanted.name)} exists (${existing.id}), but ${differences.join(' and ')}`);
}

// EXTERNAL MODULE: ./build/src/nodion/inputs.js
var inputs = __webpack_require__(202);
// EXTERNAL MODULE: ./build/src/runner/commands.js + 7 modules
var commands = __webpack_require__(681);
// EXTERNAL MODULE: ./build/src/runner/run-action.js + 1 modules
var run_action = __webpack_require__(994);
;// CONCATENATED MODULE: ./build/src/actions/create-application.js







const createApplication = () => (0,run_action/* runAction */.C)(create);
async function create({ signal, startTimeout }) {
    const { api_key, project_id, api_url, timeout, ...parameters } = (0,inputs/* readCreateApplicationInputs */.eA)();
    startTimeout(timeout);
    const client = (0,connect/* connect */.N)({ apiKey: api_key, projectId: project_id, apiUrl: api_url }, (0,transport/* createTransport */.o)());
    const { name, region_id, deployment_strategy } = parameters;
    const provided = Object.entries(parameters).filter(([, value]) => value !== null);
    const { application, created } = await ensureApplication({
        client,
        wanted: { ...Object.fromEntries(provided), name, region_id, deployment_strategy },
        signal,
        onRetry: (retry) => commands/* info */.pq((0,nodion_retry/* describeRetry */.e)(retry)),
        onProgress: commands/* info */.pq,
    });
    commands/* setOutput */.uH('id', application.id);
    commands/* setOutput */.uH('name', application.name);
    commands/* setOutput */.uH('created', created);
    commands/* setOutput */.uH('application', application.raw);
    commands/* notice */.lm(created ? 'Application created' : 'Application exists', `${application.name} (${application.id})`);
}


/***/ })

};
