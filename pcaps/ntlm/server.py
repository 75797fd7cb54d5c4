"""Files for who logs in by NTLM on his connection (MS-NTHT), which Samba's ntlm_auth judges; what is sent is dropped.

  server.py PORT FOLDER NTLM_AUTH
"""
import http.server, socket, subprocess, sys

port, folder, helper = sys.argv[1:]


class Visit(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lab", ""

    def setup(self):
        super().setup()
        self.judge, self.user = None, None

    def finish(self):
        if self.judge: self.judge.kill()
        super().finish()

    def ask(self, line):
        if not self.judge: self.judge = subprocess.Popen([helper, "--helper-protocol=squid-2.5-ntlmssp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.judge.stdin.write(line + "\n")
        self.judge.stdin.flush()
        return self.judge.stdout.readline().split()

    def known(self):
        size = int(self.headers.get("Content-Length", 0))
        if size: self.rfile.read(size)
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        challenge = "NTLM"
        if scheme == "NTLM":
            answer = self.ask(("YR " if token.startswith("TlRMTVNTUAAB") else "KK ") + token)
            if answer[0] == "AF": self.user = answer[1]
            if answer[0] == "TT": challenge = f"NTLM {answer[1]}"
        if self.user: return True
        self.send_response(401)
        self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def translate_path(self, path): return folder + path

    def do_GET(self):
        if self.known(): super().do_GET()

    def do_PUT(self):
        if not self.known(): return
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


Server(("", int(port)), Visit).serve_forever()
