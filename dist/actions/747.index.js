export const id = 747;
export const ids = [747];
export const modules = {

/***/ 747:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  listApplications: () => (/* binding */ listApplications)
});

// EXTERNAL MODULE: ./build/src/http/transport.js + 7 modules
var transport = __webpack_require__(872);
// EXTERNAL MODULE: ./build/src/nodion/connect.js + 3 modules
var connect = __webpack_require__(544);
// EXTERNAL MODULE: ./build/src/nodion/inputs.js
var nodion_inputs = __webpack_require__(202);
;// CONCATENATED MODULE: ./build/src/nodion/matches-glob.js
function matchesGlob(name, glob) {
    const characters = [...name];
    const pattern = [...glob];
    let at = 0;
    let inPattern = 0;
    let star = -1;
    let afterStar = 0;
    while (at < characters.length) {
        if (pattern[inPattern] === '*') {
            star = inPattern;
            afterStar = at;
            inPattern += 1;
        }
        else if (pattern[inPattern] === '?' || pattern[inPattern] === characters[at]) {
            at += 1;
            inPattern += 1;
        }
        else if (star >= 0) {
            afterStar += 1;
            at = afterStar;
            inPattern = star + 1;
        }
        else {
            return false;
        }
    }
    return pattern.slice(inPattern).every((character) => character === '*');
}

// EXTERNAL MODULE: ./build/src/nodion/retry.js
var nodion_retry = __webpack_require__(25);
// EXTERNAL MODULE: ./build/src/runner/commands.js + 7 modules
var commands = __webpack_require__(681);
// EXTERNAL MODULE: ./build/src/runner/run-action.js + 1 modules
var run_action = __webpack_require__(994);
;// CONCATENATED MODULE: ./build/src/actions/list-applications.js







const listApplications = () => (0,run_action/* runAction */.C)(list);
async function list({ signal, startTimeout }) {
    const inputs = (0,nodion_inputs/* readListApplicationsInputs */.XS)();
    startTimeout(inputs.timeout);
    const client = (0,connect/* connect */.N)({
        apiKey: inputs.api_key,
        projectId: inputs.project_id,
        apiUrl: inputs.api_url,
    }, (0,transport/* createTransport */.o)());
    const all = await (0,nodion_retry/* retryRead */.N)(() => client.applications({ signal }), {
        signal,
        onRetry: (retry) => commands/* info */.pq((0,nodion_retry/* describeRetry */.e)(retry)),
    });
    const filters = [
        ({ name }) => inputs.name?.some((glob) => matchesGlob(name, glob)) ?? true,
        ({ region }) => inputs.region === null || region.slug === inputs.region,
        ({ deployment_strategy }) => inputs.deployment_strategy === null || deployment_strategy === inputs.deployment_strategy,
        ({ status }) => inputs.status === null || status === inputs.status,
    ];
    const found = all.filter((application) => filters.every((filter) => filter(application)));
    commands/* setOutput */.uH('applications', found.map(({ raw }) => raw));
    commands/* setOutput */.uH('ids', found.map(({ id }) => id));
    commands/* setOutput */.uH('count', found.length);
    commands/* setOutput */.uH('matrix', { include: found.map(toMatrixEntry) });
    if (found.length === 0) {
        commands/* warning */.$e('No applications found', `None of ${all.length} applications matches the filters`);
        return;
    }
    commands/* group */.Os(`${found.length} of ${all.length} applications`, found.map(({ id, name, status }) => `${name} (${status ?? 'no status'}, ${id})`));
}
function toMatrixEntry({ id, name, region, deployment_strategy, status }) {
    return { id, name, region: region.slug, deployment_strategy, status };
}


/***/ })

};
