"""The front of the application: hot routes first, the rest to the router, and one way out for both.

On the way out every answer gets the headers of its limits, of CORS and of safety, errors included.
"""

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

from frontage.base.logs import get_logger
from frontage.edge.answers import Answer, problem_answer
from frontage.edge.bodies import ClientGoneError, Upload
from frontage.edge.call import SCOPE_KEY, Call
from frontage.edge.cors import cors_headers, preflight_headers
from frontage.edge.gate import WITH_BODY, Gatekeeper
from frontage.edge.heads import send_whole
from frontage.edge.hot import HotRoute
from frontage.edge.meter import RequestMeter, Route
from frontage.edge.problems import Header, Problem, problem_of
from frontage.edge.public_paths import PublicPaths

log = get_logger(__name__)

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]
App = Callable[[Any, Any, Any], Awaitable[None]]

SAFE: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"cross-origin"))
_SAFE_PRIVATE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
_DEFAULTS: tuple[Header, ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class Front:
    """The ASGI application that a server runs."""

    def __init__(
        self,
        app: App,
        keeper: Gatekeeper,
        *,
        hot: Iterable[HotRoute],
        public: PublicPaths,
        meter: RequestMeter,
        stopped: Callable[[str], str | None] = lambda _path: None,
        hosts: Iterable[str] = (),
        secure: bool = False,
    ) -> None:
        self.app = app
        self.keeper = keeper
        self.meter = meter
        self._public = public
        self._stopped = stopped
        self._hosts = frozenset(host.encode() for host in hosts)
        self._extra: tuple[Header, ...] = (_STRICT_TRANSPORT,) if secure else ()
        routes = list(hot)
        self._hot = {(route.method, route.path): (route, _hot_label(route)) for route in routes}
        self._gates = {route.path: route.gate for route in routes}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request, or pass a lifespan on."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        found = self._hot.get((scope["method"], scope["path"]))
        if found is None or self._hosts:
            await self._carefully(scope, receive, send)
        else:
            await self._answer_hot(found, scope, receive, send)

    async def _other(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _carefully(self, scope: Any, receive: Receive, send: Send) -> None:
        """Whatever is no plain hot request: foreign hosts, preflights, HEAD, trailing slashes, ordinary routes."""
        call = Call(scope, self.keeper)
        path = scope["path"].rstrip("/") or "/"
        finish = _Finish(self, call, send, public=path in self._public)
        if self._hosts and not self._knows_host(call, path):
            await finish.answer(problem_answer(Problem("bad_request", "Unknown host."), self.keeper.type_base))
        elif scope["method"] == "OPTIONS" and finish.public:
            await finish.answer(Answer(204, headers=preflight_headers(call.headers.get(b"origin"))))
        elif found := self._hot.get(("GET" if finish.is_head else scope["method"], path)):
            await self._answer_hot(found, scope, receive, finish.without_body if finish.is_head else send)
        elif owner := self._stopped(path):
            problem = Problem(
                "unavailable", f"The plugin {owner} is not in service.", headers=[(b"retry-after", b"60")]
            )
            await finish.answer(problem_answer(problem, self.keeper.type_base))
        else:
            await self._answer_ordinary(call, receive, finish)

    def _knows_host(self, call: Call, path: str) -> bool:
        host = call.headers.get(b"host", b"").lower()
        return path.startswith("/health/") or host in self._hosts or host.rpartition(b":")[0] in self._hosts

    async def _answer_hot(self, found: tuple[HotRoute, Route], scope: Any, receive: Receive, send: Send) -> None:
        began = perf_counter()
        route, label = found
        call = route.request_type(scope, self.keeper)
        try:
            answer = await route.answer(call, receive)
        except ClientGoneError:
            return
        headers = [*answer.headers, *SAFE, *self._extra]
        if route.gate.public:
            headers += cors_headers(call.headers.get(b"origin"))
        if call.verdict is not None:
            headers += call.verdict.headers
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await send_whole(send, answer.status, headers, answer.body)
        self.meter.count(label, answer.status, perf_counter() - began)

    async def _answer_ordinary(self, call: Call, receive: Receive, finish: "_Finish") -> None:
        # A method that a hot route's path does not have is refused in the words of its contract too.
        call.gate = self._gates.get(call.scope["path"].rstrip("/"))
        scope: Any = {**call.scope, SCOPE_KEY: call}
        call.scope = scope
        if finish.is_head:
            scope["method"], scope["frontage.head"] = "GET", True
        elif finish.is_options:
            # Litestar's own OPTIONS knows one handler of a path; its refusal of a method nobody has knows them all.
            scope["method"] = "TRACE"
        if scope["method"] in WITH_BODY:
            receive = Upload(receive)
        try:
            await self.app(scope, receive, finish)
        except ClientGoneError:
            return
        except Exception as error:
            # The router answers its own errors; one that escapes it must still not cost the connection.
            log.exception("request.failed", route=scope["path"], **call.log_fields())
            if not finish.began:
                await finish.answer(problem_answer(problem_of(error), self.keeper.type_base))
        finish.note()

    @property
    def extra_headers(self) -> tuple[Header, ...]:
        """What the deployment adds to every answer."""
        return self._extra


class _Finish:
    """The way out of an ordinary request: completes the head, drops the body of a HEAD, counts and logs."""

    def __init__(self, front: Front, call: Call, send: Send, *, public: bool) -> None:
        self.public = public
        self._method = call.scope["method"]
        self.is_head = self._method == "HEAD"
        self.is_options = self._method == "OPTIONS" and not public
        self.began = False
        self._front = front
        self._call = call
        self._send = send
        self._started_at = perf_counter()
        self._status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            if self.is_options and message["status"] == 405:
                message = {
                    **message,
                    "status": 204,
                    "headers": [one for one in message["headers"] if one[0] == b"allow"],
                }
            self._status = message["status"]
            message = {**message, "headers": self._complete(message["headers"])}
        if self.is_head or self._status == 204:
            await self.without_body(message)
        else:
            await self._send(message)

    async def without_body(self, message: Message) -> None:
        """Send a message without the body that a HEAD or a 204 must not have."""
        await self._send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    async def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        headers = [*answer.headers]
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await self({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self({"type": "http.response.body", "body": answer.body})

    def note(self) -> None:
        """Count the request and write its line."""
        call, seconds = self._call, perf_counter() - self._started_at
        method, route = self._method, call.scope.get("path_template") or "unmatched"
        plugin = (call.gate.plugin if call.gate else None) or "core"
        self._front.meter.count((plugin, method, route), self._status, seconds)
        if not route.startswith("/health/") and route != "/metrics":
            log.info(
                "request",
                method=method,
                route=route,
                status=self._status,
                ms=round(seconds * 1000, 1),
                **call.log_fields(),
            )

    def _complete(self, given: Iterable[Header]) -> list[Header]:
        call = self._call
        headers = [(name.lower(), _with_head(value) if name.lower() == b"allow" else value) for name, value in given]
        present = {name for name, _ in headers}
        headers += SAFE if self.public else _SAFE_PRIVATE
        headers += [header for header in _DEFAULTS if header[0] not in present]
        headers += self._front.extra_headers
        headers.append((b"x-request-id", call.request_id.encode()))
        if self.public and b"access-control-allow-methods" not in present:
            headers += cors_headers(call.headers.get(b"origin"))
        if call.verdict is not None:
            headers += call.verdict.headers
        return headers


def _hot_label(route: HotRoute) -> Route:
    return (route.gate.plugin or "core", route.method, route.path)


def _with_head(allow: bytes) -> bytes:
    methods = {method.strip() for method in allow.split(b",")}
    return b", ".join(sorted(methods | {b"HEAD"} if b"GET" in methods else methods))
