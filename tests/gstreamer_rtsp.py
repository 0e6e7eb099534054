"""GStreamer's RTSP server, run by tests.rtsp with the system's Python (which has `gi`).

Speaks JSON lines. Prints `{"port": N}` once it listens. Reads commands on stdin, one object a line:
`{"add": {"path": .., "launch": .., "open": bool, "always_on": bool}}`, `{"remove": path}`; answers
each with `{"ok": true}` or `{"error": ..}`. Ends at end of input.

Arguments: user, password and method ("none", "basic" or "digest") of the mounts that are not open.
"""

import json
import sys
import threading
from typing import Any

import gi  # type: ignore[import-not-found, unused-ignore]  # only the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found, unused-ignore]  # noqa: E402  # versions first

PERMISSION_ACCESS = "media.factory.access"
PERMISSION_CONSTRUCT = "media.factory.construct"


class Server:
    """One server with mounts that come and go."""

    def __init__(self, user: str, password: str, method: str) -> None:
        self._user, self._password = user, password
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address("127.0.0.1")
        self._server.set_service("0")
        self._server.get_thread_pool().set_max_threads(-1)  # one slow client must not hold others
        self._paths_of: dict[Any, str] = {}
        self._pullers: dict[str, Any] = {}
        if method != "none":
            self._server.set_auth(self._make_auth(method))
        self._server.connect("client-connected", self._on_client)
        self._server.attach(None)
        self.port = int(self._server.get_bound_port())

    def add(self, path: str, launch: str, *, open_to_all: bool, always_on: bool) -> None:
        """Serve a pipeline; always_on keeps it running without clients, as a camera does."""
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch)
        factory.set_shared(True)
        permissions = GstRtspServer.RTSPPermissions()
        roles = ["viewer", "anonymous"]
        for role in roles:
            permissions.add_permission_for_role(role, PERMISSION_ACCESS, True)
            allowed = role == "viewer" or open_to_all
            permissions.add_permission_for_role(role, PERMISSION_CONSTRUCT, allowed)
        factory.set_permissions(permissions)
        factory.connect("media-configure", lambda _factory, media: _forbid_seeking(media))
        self._server.get_mount_points().add_factory(path, factory)
        if always_on:
            self._pullers[path] = self._pull(path)

    def remove(self, path: str) -> None:
        """Stop serving a path: its clients are closed, new ones get 404."""
        self._server.get_mount_points().remove_factory(path)
        puller = self._pullers.pop(path, None)
        if puller is not None:
            puller.set_state(Gst.State.NULL)
        for client, client_path in list(self._paths_of.items()):
            if client_path == path:
                client.close()

    def _make_auth(self, method: str) -> Any:
        auth = GstRtspServer.RTSPAuth()
        viewer = GstRtspServer.RTSPToken()
        viewer.set_string("media.factory.role", "viewer")
        anonymous = GstRtspServer.RTSPToken()
        anonymous.set_string("media.factory.role", "anonymous")
        auth.set_default_token(anonymous)
        if method == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(self._user, self._password, viewer)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            basic = GstRtspServer.RTSPAuth.make_basic(self._user, self._password)
            auth.add_basic(basic, viewer)
        return auth

    def _on_client(self, _server: Any, client: Any) -> None:
        def remember(client: Any, context: Any) -> None:
            self._paths_of[client] = context.uri.abspath

        client.connect("describe-request", remember)
        client.connect("play-request", remember)
        client.connect("closed", lambda client: self._paths_of.pop(client, None))

    def _pull(self, path: str) -> Any:
        pipeline = Gst.parse_launch(
            f"rtspsrc name=source protocols=tcp location=rtsp://127.0.0.1:{self.port}{path}"
            " ! fakesink sync=false"
        )
        source = pipeline.get_by_name("source")
        source.set_property("user-id", self._user)
        source.set_property("user-pw", self._password)
        pipeline.set_state(Gst.State.PLAYING)
        return pipeline


def _forbid_seeking(media: Any) -> None:
    """Make a file behave as a camera: else every new client's PLAY rewinds it for all others."""
    pad = media.get_element().get_by_name("pay0").get_static_pad("sink")

    def refuse_query(_pad: Any, info: Any) -> Any:
        seeks = info.get_query().type == Gst.QueryType.SEEKING
        return Gst.PadProbeReturn.DROP if seeks else Gst.PadProbeReturn.OK

    def refuse_event(_pad: Any, info: Any) -> Any:
        seeks = info.get_event().type == Gst.EventType.SEEK
        return Gst.PadProbeReturn.DROP if seeks else Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.QUERY_UPSTREAM, refuse_query)
    pad.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, refuse_event)


def main() -> None:
    """Serve until standard input ends."""
    Gst.init(None)
    user, password, method = sys.argv[1:4]
    server = Server(user, password, method)
    loop = GLib.MainLoop()

    def obey(line: str) -> bool:
        try:
            command = json.loads(line)
            if "add" in command:
                mount = command["add"]
                server.add(
                    mount["path"],
                    mount["launch"],
                    open_to_all=mount["open"],
                    always_on=mount["always_on"],
                )
            else:
                server.remove(command["remove"])
            answer: dict[str, Any] = {"ok": True}
        except Exception as error:  # noqa: BLE001  # told to the test that asked
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201  # its protocol
        return False

    def listen() -> None:
        for line in sys.stdin:
            GLib.idle_add(obey, line)
        GLib.idle_add(loop.quit)

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps({"port": server.port}), flush=True)  # noqa: T201  # its protocol
    loop.run()


if __name__ == "__main__":
    main()
