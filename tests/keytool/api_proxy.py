"""A proxy before the API of PowerDNS that misbehaves as providers' APIs do."""

import http.client
import http.server
import json
import threading
import urllib.parse

PORT = 8080

# An answer instead of the API's.
STATUSES = {"401": 401, "403": 403, "404": 404, "422": 422, "429": 429, "500": 500, "503": 503}


class ApiProxy:
    """Passes requests on to the API, changed as `mode` says:

    pass      as they are
    slow      holds each request until the mode changes
    401, ...  answers with this status
    echo      refuses, with the credentials in the answer's reason
    garbage   answers with what is not JSON
    huge      answers with a list of records without end
    later     takes changes and makes them when `release` is called
    quotes    stores a value with quotation marks as a part of it
    split     stores each string of a value as a record of its own
    cut       stores the first 255 bytes of a value
    no long   refuses a string of more than 255 bytes
    no second takes one change after another change was taken, and refuses the next
    """

    def __init__(self, address, api_address, api_port, token):
        self.address = address
        self.api = (api_address, api_port)
        self.token = token
        self.url = f"http://{address}:{PORT}"
        self._mode = "pass"
        self.changed = threading.Condition()
        self.held = []       # the changes that are made later
        self.requests = []   # methods and paths
        self.waiting = 0     # requests that are held
        self.changes = 0
        self.server = None

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        with self.changed:
            self._mode = mode
            self.changes = 0
            self.changed.notify_all()

    def start(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def log_message(self, *_arguments):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    proxy.answer(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client was killed, or has read enough

            do_GET = do_PATCH = do_PUT = do_POST = do_DELETE = handle_any

        self.server = http.server.ThreadingHTTPServer((self.address, PORT), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.mode = "pass"
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, body):
        with self.changed:
            self.requests.append((handler.command, handler.path))
            self.waiting += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: self._mode != "slow")
            self.waiting -= 1
            mode = self._mode
            if handler.command == "PATCH":
                self.changes += 1
                if mode == "no second" and self.changes > 1:
                    mode = "503"
        if mode in STATUSES:
            self.send(handler, STATUSES[mode], b'{"error": "no"}')
        elif mode == "echo":
            handler.send_response(422, f"{self.token} or {urllib.parse.quote(self.token, safe='')} is not good")
            handler.end_headers()
        elif mode == "garbage":
            self.send(handler, 200, b"<html>\033[31mCome back later\r\n</html>")
        elif mode == "huge" and handler.command == "GET":
            self.send_without_end(handler)
        elif handler.command == "PATCH":
            self.change(handler, body, mode)
        else:
            self.send(handler, *self.ask(handler.command, handler.path, body, handler.headers.get("X-API-Key")))

    def change(self, handler, body, mode):
        change = json.loads(body)
        contents = [record["content"] for rrset in change["rrsets"] for record in rrset["records"]]
        if mode == "no long" and any(len(string) > 255 for text in contents for string in text.strip('"').split('" "')):
            self.send(handler, 422, b'{"error": "a string of more than 255 bytes"}')
            return
        for rrset in change["rrsets"]:
            rrset["records"] = [dict(record, content=content) for record in rrset["records"]
                                for content in self.damaged(record["content"], mode)]
        key = handler.headers.get("X-API-Key")
        if mode == "later":
            self.held.append((handler.path, json.dumps(change).encode(), key))
            self.send(handler, 204, b"")
            return
        self.send(handler, *self.ask("PATCH", handler.path, json.dumps(change).encode(), key))

    @staticmethod
    def damaged(content, mode):
        value = content.strip('"').replace('" "', "")
        pieces = [value[i:i + 240] for i in range(0, len(value), 240)] or [""]
        if mode == "quotes":
            pieces[0] = '\\"' + pieces[0]
            pieces[-1] += '\\"'
            return [" ".join(f'"{piece}"' for piece in pieces)]
        if mode == "split":
            return [f'"{piece}"' for piece in pieces]
        if mode == "cut":
            return [f'"{value[:255]}"']
        return [content]

    def release(self):
        """Makes the changes that were taken; returns how many there were."""
        held, self.held = self.held, []
        for path, body, key in held:
            status, text = self.ask("PATCH", path, body, key)
            if status != 204:
                raise AssertionError(f"PowerDNS refused: {status} {text}")
            self.ask("PUT", path + "/notify", b"", key)
        return len(held)

    def ask(self, method, path, body, key):
        connection = http.client.HTTPConnection(*self.api, timeout=30)
        try:
            connection.request(method, path, body, {"X-API-Key": key or "", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @staticmethod
    def send(handler, status, body):
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def send_without_end(handler):
        """As many records of the same name as fit into the memory of nobody who keeps them."""
        name = handler.path.rsplit("/", 1)[1]
        record = json.dumps({"content": '"' + "x" * 250 + '"', "disabled": False})
        rrset = {"name": f"huge._domainkey.{name}", "type": "TXT", "ttl": 60, "records": []}
        start = json.dumps({"kind": "Native", "rrsets": [rrset]}).removesuffix("]}]}")
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(start.encode())
        handler.wfile.write(",".join([record] * 20_000).encode())
        handler.wfile.write(b"]}]}")
