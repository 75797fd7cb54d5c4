#!/bin/bash
# Answers that are made to be read otherwise by a sensor than by the client: lengths that differ or are none, transfer
# codings, headers without measure, carriage returns, junk behind an interim answer. What curl read of each must hold
# the mark, or the recording fails; behind them come uploads in thousands of parts and requests that nobody answers.
. "$(dirname "$0")/../lab.sh"
need curl python3
lab_start
cat >"$LAB/odd.py" <<'P'
import gzip, socket, threading
MARK = b"MARK-of-the-lab-012"
GZIP = gzip.compress(MARK, mtime=0)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
def chunked(body): return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
def lengths(*values): return OK + b"".join(b"Content-Length: %s\r\n" % v for v in values) + b"\r\n" + MARK
MANY = b"".join(b"X-%d: v\r\n" % i for i in range(3000))
ANSWERS = {
    "length-differs": lengths(b"5", b"19"), "length-differs-0": lengths(b"0", b"19"),
    "length-overflow": lengths(b"18446744073709551616"),
    "transfer-gzip": OK + b"Transfer-Encoding: gzip\r\n\r\n" + GZIP,
    "transfer-gzip-chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked(GZIP),
    "header-long": OK + b"X: " + b"a" * 30000 + b"\r\nContent-Length: 19\r\n\r\n" + MARK,
    "headers-many": OK + MANY + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunked(GZIP),
    "carriage-return": OK + b"X-Foo: a\rb\r\nContent-Length: 19\r\n\r\n" + MARK,
}
RAW = {
    "junk-after-interim": b"HTTP/1.1 100 Continue\r\n\r\n--B\r\n\r\n" + MARK,
    "interim-twice": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\njunk " + MARK,
}
def serve(peer):
    request = b""
    while b"\r\n\r\n" not in request: request += peer.recv(65536) or exit()
    name = request.split()[1][1:].decode()
    if name == "upload":
        head, body = request.split(b"\r\n\r\n", 1)
        left = int(head.lower().split(b"content-length: ")[1].split()[0]) - len(body)
        while left > 0: left -= len(peer.recv(65536))
        peer.sendall(OK + b"Content-Length: 0\r\n\r\n")
    elif name != "unanswered":
        peer.sendall(ANSWERS.get(name) or RAW[name])
    peer.shutdown(socket.SHUT_WR)
    while peer.recv(65536): pass
    peer.close()
listener = socket.create_server(("", 80))
while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
P
cat >"$LAB/client.py" <<'P'
import socket, sys
def say(data):
    s = socket.create_connection((sys.argv[1], 80)); s.sendall(data); s.shutdown(socket.SHUT_WR)
    while s.recv(65536): pass
    s.close()
for name in b"junk-after-interim", b"interim-twice": say(b"GET /%s HTTP/1.1\r\nHost: odd.lab.example\r\n\r\n" % name)
form = b"--b\r\n" * 3000 + b'--b\r\nContent-Disposition: form-data; name=f; filename="mark"\r\n\r\nMARK-of-the-lab-012\r\n--b--\r\n'
say(b"POST /upload HTTP/1.1\r\nHost: odd.lab.example\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: %d\r\n\r\n" % len(form) + form)
say(b"GET /unanswered HTTP/1.1\r\nHost: odd.lab.example\r\n\r\n" * 600)
P
server_job python3 "$LAB/odd.py"
wait_port 80
for name in $(cd "$LAB" && sed -n 's/^    "\([a-z0-9-]*\)": .*/\1/p; s/.*, "\(length-differs-0\)".*/\1/p' odd.py | grep -v interim); do
  on_client curl -sS --compressed --noproxy '*' -H "Host: odd.lab.example" "http://$SERVER/$name" 2>>"$LAB/jobs.log" | grep -qa MARK-of-the-lab-012 ||
    { echo "curl did not read the mark of $name" >&2; exit 1; }
done
on_client python3 "$LAB/client.py" $SERVER
lab_save
