export const id = 289;
export const ids = [289];
export const modules = {

/***/ 3289:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   startGitHubDeployment: () => (/* binding */ startGitHubDeployment)
/* harmony export */ });
/* harmony import */ var _actions_github__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3934);
/* harmony import */ var _runner_untrusted_text_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4018);


const CREATION_LIMIT_MS = 15_000;
const SILENT = { debug() { }, info() { }, warn() { }, error() { } };
const LONGEST_DESCRIPTION = 140;
function startGitHubDeployment(options) {
    const { token, environment, environmentUrl } = options;
    const creation = new AbortController();
    setTimeout(() => creation.abort(), CREATION_LIMIT_MS).unref();
    const setState = async (deploymentId, state, { description, signal }) => {
        await (0,_actions_github__WEBPACK_IMPORTED_MODULE_0__/* .getOctokit */ .Q)(token).rest.repos.createDeploymentStatus({
            ..._actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.repo,
            deployment_id: deploymentId,
            state,
            description: (0,_runner_untrusted_text_js__WEBPACK_IMPORTED_MODULE_1__/* .singleLine */ .pF)(description, LONGEST_DESCRIPTION),
            log_url: runUrl(),
            ...(environmentUrl && state === 'success' && { environment_url: environmentUrl }),
            request: { signal, log: SILENT },
        });
    };
    async function create() {
        if (token === '')
            throw new Error('`github_token` is empty');
        const isProduction = /(?:^|[^a-z])prod(?:uction)?(?:[^a-z]|$)/i.test(environment);
        const pullRequest = _actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.payload.pull_request;
        const { data } = await (0,_actions_github__WEBPACK_IMPORTED_MODULE_0__/* .getOctokit */ .Q)(token).rest.repos.createDeployment({
            ..._actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.repo,
            ref: pullRequest?.head?.sha ?? _actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.sha,
            environment,
            description: (0,_runner_untrusted_text_js__WEBPACK_IMPORTED_MODULE_1__/* .singleLine */ .pF)(options.description, LONGEST_DESCRIPTION),
            auto_merge: false,
            required_contexts: [],
            production_environment: isProduction,
            transient_environment: pullRequest !== undefined && !isProduction,
            request: { signal: creation.signal, log: SILENT },
        });
        if (!('id' in data))
            throw new Error('GitHub made no deployment');
        await setState(data.id, 'in_progress', {
            description: options.description,
            signal: creation.signal,
        });
        return data.id;
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
    const { owner, repo } = _actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.repo;
    const run = `${_actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.serverUrl}/${owner}/${repo}/actions/runs/${_actions_github__WEBPACK_IMPORTED_MODULE_0__/* .context */ ._.runId}`;
    return attempt ? `${run}/attempts/${attempt}` : run;
}
function explain(reason) {
    const error = reason;
    const status = error.response?.status;
    if (status === 403 || status === 404) {
        return `GitHub answered ${status}: the job needs \`permissions: deployments: write\`, and \`github_token\` must be for this repository`;
    }
    if (status === 401)
        return 'GitHub answered 401: `github_token` is not valid';
    if (error.name === 'AbortError')
        return 'GitHub did not answer in time';
    return status ? `GitHub answered ${status}: ${error.message}` : String(error.message ?? reason);
}


/***/ })

};
