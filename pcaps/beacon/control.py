#!/usr/bin/env python3
"""control.py CERTIFICATE KEY: answers agents: on 4444 and 8081 with a few bytes, on 80 by HTTP, on 443 within TLS."""
import socketserver, ssl, sys, threading

class Raw(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(4096): self.request.sendall(b"\x02\x00\x04idle")

class Web(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            if self.request.recv(4096):
                self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nidle")
        except OSError: pass

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 50

class Tls(Server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    def get_request(self):
        one, address = super().get_request()
        return self.context.wrap_socket(one, server_side=True), address

Tls.context.load_cert_chain(sys.argv[1], sys.argv[2])
servers = [Server(("", 4444), Raw), Server(("", 8081), Raw), Server(("", 80), Web), Tls(("", 443), Web)]
for server in servers[1:]: threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
