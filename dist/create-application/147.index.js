export const id = 147;
export const ids = [147];
export const modules = {

/***/ 2147:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   fetchThroughProxy: () => (/* binding */ fetchThroughProxy)
/* harmony export */ });
/* harmony import */ var undici__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6752);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9568);
/* harmony import */ var _request_json_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(1306);



function fetchThroughProxy(proxyUrl) {
    const url = URL.canParse(proxyUrl) ? new URL(proxyUrl) : null;
    if (url === null || !/^https?:$/.test(url.protocol)) {
        throw new Error(`The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: ${url ? `${url.protocol}// is not supported` : 'it is not a URL'}; allowed are http:// and https://. NO_PROXY exempts hosts`);
    }
    const agent = proxyAgent(url);
    let hasWorked = false;
    const throughProxy = async (...[target, init]) => {
        try {
            const answer = await (0,undici__WEBPACK_IMPORTED_MODULE_0__/* .fetch */ .hd)(target, { ...init, dispatcher: agent });
            hasWorked = true;
            return answer;
        }
        catch (error) {
            if (init?.signal?.aborted)
                throw error;
            const cause = (0,_request_json_js__WEBPACK_IMPORTED_MODULE_2__/* .innermostCause */ .$C)(error);
            const message = cause instanceof Error ? cause.message : String(cause);
            const [, status] = /Proxy response \((\d+)\)/.exec(message) ?? [];
            const isRefusal = status?.startsWith('4') || /ECONNREFUSED|ENOTFOUND|bad port/.test(message);
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .NodionError */ .IU(`A request through the proxy ${url.origin} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: ${status ? `the proxy answered ${status}` : message}`, { retryable: hasWorked || !isRefusal });
        }
    };
    return throughProxy;
}
function proxyAgent(url) {
    try {
        return new undici__WEBPACK_IMPORTED_MODULE_0__/* .ProxyAgent */ .kT({ uri: url.href });
    }
    catch {
        throw new Error(`The proxy ${url.origin} can't be used: its user name and password must be URL-encoded`);
    }
}


/***/ })

};
