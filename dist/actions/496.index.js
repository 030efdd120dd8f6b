export const id = 496;
export const ids = [496];
export const modules = {

/***/ 496:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  startGitHubDeployment: () => (/* binding */ startGitHubDeployment)
});

// EXTERNAL MODULE: external "fs"
var external_fs_ = __webpack_require__(896);
// EXTERNAL MODULE: external "os"
var external_os_ = __webpack_require__(857);
;// CONCATENATED MODULE: ./node_modules/@actions/github/lib/context.js


class Context {
    /**
     * Hydrate the context from the environment
     */
    constructor() {
        var _a, _b, _c;
        this.payload = {};
        if (process.env.GITHUB_EVENT_PATH) {
            if ((0,external_fs_.existsSync)(process.env.GITHUB_EVENT_PATH)) {
                this.payload = JSON.parse((0,external_fs_.readFileSync)(process.env.GITHUB_EVENT_PATH, { encoding: 'utf8' }));
            }
            else {
                const path = process.env.GITHUB_EVENT_PATH;
                process.stdout.write(`GITHUB_EVENT_PATH ${path} does not exist${external_os_.EOL}`);
            }
        }
        this.eventName = process.env.GITHUB_EVENT_NAME;
        this.sha = process.env.GITHUB_SHA;
        this.ref = process.env.GITHUB_REF;
        this.workflow = process.env.GITHUB_WORKFLOW;
        this.action = process.env.GITHUB_ACTION;
        this.actor = process.env.GITHUB_ACTOR;
        this.job = process.env.GITHUB_JOB;
        this.runAttempt = parseInt(process.env.GITHUB_RUN_ATTEMPT, 10);
        this.runNumber = parseInt(process.env.GITHUB_RUN_NUMBER, 10);
        this.runId = parseInt(process.env.GITHUB_RUN_ID, 10);
        this.apiUrl = (_a = process.env.GITHUB_API_URL) !== null && _a !== void 0 ? _a : `https://api.github.com`;
        this.serverUrl = (_b = process.env.GITHUB_SERVER_URL) !== null && _b !== void 0 ? _b : `https://github.com`;
        this.graphqlUrl =
            (_c = process.env.GITHUB_GRAPHQL_URL) !== null && _c !== void 0 ? _c : `https://api.github.com/graphql`;
    }
    get issue() {
        const payload = this.payload;
        return Object.assign(Object.assign({}, this.repo), { number: (payload.issue || payload.pull_request || payload).number });
    }
    get repo() {
        if (process.env.GITHUB_REPOSITORY) {
            const [owner, repo] = process.env.GITHUB_REPOSITORY.split('/');
            return { owner, repo };
        }
        if (this.payload.repository) {
            return {
                owner: this.payload.repository.owner.login,
                repo: this.payload.repository.name
            };
        }
        throw new Error("context.repo requires a GITHUB_REPOSITORY environment variable like 'owner/repo'");
    }
}
//# sourceMappingURL=context.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/github/lib/github.js


const context = new Context();
/**
 * Returns a hydrated octokit ready to use for GitHub Actions
 *
 * @param     token    the repo PAT or GITHUB_TOKEN
 * @param     options  other options to set
 */
function getOctokit(token, options, ...additionalPlugins) {
    const GitHubWithPlugins = GitHub.plugin(...additionalPlugins);
    return new GitHubWithPlugins(getOctokitOptions(token, options));
}
//# sourceMappingURL=github.js.map
// EXTERNAL MODULE: ./node_modules/@octokit/request/dist-bundle/index.js + 4 modules
var dist_bundle = __webpack_require__(942);
// EXTERNAL MODULE: ./build/src/http/http-error.js
var http_error = __webpack_require__(23);
// EXTERNAL MODULE: ./build/src/http/to-fetch.js
var to_fetch = __webpack_require__(128);
// EXTERNAL MODULE: ./build/src/runner/untrusted-text.js + 2 modules
var untrusted_text = __webpack_require__(18);
;// CONCATENATED MODULE: ./build/src/report/github-deployment.js





const CREATION_LIMIT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 15_000;
const LONGEST_DESCRIPTION = 140;
function startGitHubDeployment(options) {
    const { token, environment, environmentUrl } = options;
    const post = gitHubPost(token, options.transport);
    const creation = new AbortController();
    setTimeout(() => creation.abort(), CREATION_LIMIT_MS).unref();
    const setState = async (deploymentId, state, { description, signal }) => {
        await post('POST /repos/{owner}/{repo}/deployments/{deploymentId}/statuses', {
            ...context.repo,
            deploymentId,
            state,
            description: (0,untrusted_text/* singleLine */.pF)(description, LONGEST_DESCRIPTION),
            log_url: runUrl(),
            ...(environmentUrl && state === 'success' && { environment_url: environmentUrl }),
            request: { signal },
        });
    };
    async function create() {
        if (token === '')
            throw new Error('`github_token` is empty');
        const isProduction = /(?:^|[^a-z])prod(?:uction)?(?:[^a-z]|$)/i.test(environment);
        const pullRequest = context.payload.pull_request;
        const { id } = await post('POST /repos/{owner}/{repo}/deployments', {
            ...context.repo,
            ref: pullRequest?.head?.sha ?? context.sha,
            environment,
            description: (0,untrusted_text/* singleLine */.pF)(options.description, LONGEST_DESCRIPTION),
            auto_merge: false,
            required_contexts: [],
            production_environment: isProduction,
            transient_environment: pullRequest !== undefined && !isProduction,
            request: { signal: creation.signal },
        });
        if (typeof id !== 'number')
            throw new Error('GitHub made no deployment');
        await setState(id, 'in_progress', {
            description: options.description,
            signal: creation.signal,
        });
        return id;
    }
    const created = create().then((id) => ({ id, error: null }), (error) => ({ id: null, error }));
    return {
        async finish({ state, description, signal }) {
            signal.addEventListener('abort', () => creation.abort());
            const { id, error } = await created;
            try {
                if (id === null)
                    throw error;
                if (state !== null)
                    await setState(id, state, { description, signal });
            }
            catch (reason) {
                throw new Error(explain(reason));
            }
        },
    };
}
function runUrl() {
    const attempt = process.env.GITHUB_RUN_ATTEMPT;
    const { owner, repo } = context.repo;
    const run = `${context.serverUrl}/${owner}/${repo}/actions/runs/${context.runId}`;
    return attempt ? `${run}/attempts/${attempt}` : run;
}
function gitHubPost(token, transport) {
    const request = dist_bundle/* request */.E.defaults({
        baseUrl: process.env.GITHUB_API_URL ?? 'https://api.github.com',
        headers: { authorization: `token ${token}`, 'user-agent': 'nodion-deploy' },
        request: { fetch: (0,to_fetch/* toFetch */.q)(withinOrigin(transport), REQUEST_TIMEOUT_MS) },
    });
    return async (route, parameters) => {
        const { status, data } = await request(route, parameters);
        if (status >= 300)
            throw new Error(`GitHub answered ${status}, a redirect elsewhere`);
        try {
            const answer = JSON.parse(String(data));
            if (typeof answer === 'object' && answer !== null)
                return answer;
        }
        catch { }
        throw new Error(`GitHub answered ${status}, but not with JSON`);
    };
}
function withinOrigin(transport) {
    return async (request) => {
        const response = await transport(request);
        const { status, headers } = response;
        const isRedirect = [301, 302, 307, 308].includes(status);
        if (!isRedirect || !URL.canParse(headers.location ?? '', request.url))
            return response;
        const target = new URL(headers.location ?? '', request.url);
        if (target.origin !== new URL(request.url).origin)
            return response;
        return await transport({ ...request, url: target.href });
    };
}
function explain(reason) {
    const error = reason;
    const status = error.response?.status;
    if (status === 403 || status === 404) {
        return `GitHub answered ${status}: the job needs \`permissions: deployments: write\`, and \`github_token\` must be for this repository`;
    }
    if (status === 401)
        return 'GitHub answered 401: `github_token` is not valid';
    if (status)
        return `GitHub answered ${status}: ${messageOf(error.response?.data)}`;
    if (error.cause instanceof http_error/* HttpError */.j$)
        return `${error.cause.host}: ${error.cause.message}`;
    const isOurs = reason instanceof Error && reason.name !== 'AbortError' && !('request' in reason);
    return isOurs ? reason.message : 'GitHub did not answer in time';
}
function messageOf(data) {
    try {
        const { message } = JSON.parse(String(data));
        if (typeof message === 'string')
            return (0,untrusted_text/* singleLine */.pF)(message, LONGEST_DESCRIPTION);
    }
    catch { }
    return 'without a message';
}


/***/ })

};
