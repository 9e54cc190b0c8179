"""A headless Chromium, driven by its own protocol (Chrome DevTools Protocol) over a WebSocket."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """Use it with `async with`. Only this machine is reachable from it."""

    async def __aenter__(self):
        self.folder = tempfile.mkdtemp(prefix="apus.chromium.", dir="/tmp")
        self.process = subprocess.Popen(
            [
                CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0",
                "--disable-background-networking", "--disable-component-update", "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                f"--user-data-dir={self.folder}", "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.session = aiohttp.ClientSession()
        self.replies, self.messages, self.number = {}, [], 0
        port = await self._port()
        async with self.session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            targets = await answer.json()
        address = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
        self.socket = await self.session.ws_connect(address, max_msg_size=0)
        self.reader = asyncio.create_task(self._read())
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def __aexit__(self, *_):
        self.reader.cancel()
        await self.socket.close()
        await self.session.close()
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _port(self):
        file = Path(self.folder, "DevToolsActivePort")
        for _ in range(300):
            if file.exists() and (port := re.match(r"(\d+)\n", file.read_text())):
                return port[1]
            await asyncio.sleep(0.1)
        raise TimeoutError("Chromium does not say its port")

    async def _read(self):
        async for message in self.socket:
            message = json.loads(message.data)
            if "id" in message:
                self.replies.pop(message["id"]).set_result(message)
            elif message["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.messages.append(message["params"])

    async def call(self, method, **parameters):
        self.number += 1
        reply = self.replies[self.number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": self.number, "method": method, "params": parameters})
        message = await asyncio.wait_for(reply, 30)
        assert "error" not in message, message
        return message["result"]

    async def evaluate(self, expression):
        """The value of some JavaScript; a promise is awaited."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def wait_for(self, expression):
        for _ in range(300):
            if await self.evaluate(f"Boolean({expression})"):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(expression)

    async def open(self, url, scheme="light", width=1100, height=900):
        await self.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        await self.call("Page.navigate", url=url)
        await self.wait_for("document.readyState === 'complete'")

    async def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    async def screenshot(self, path):
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(shot["data"]))
