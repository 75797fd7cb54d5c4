"""The host that is attacked: it writes down what it read of each connection.

  victim.py serve FILE            answer requests on port 80, on 81 with urgent data in line, on 82 with the smallest
                                  window; a line for each in FILE
  victim.py fetch ADDRESS COUNT   ask ADDRESS for COUNT pages, one connection each, from port 30000 on
"""
import socket, sys, threading

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def serve(connection, port, out):
    connection.settimeout(3)
    data = b""
    try:
        while True:
            part = connection.recv(65536)
            if not part: break
            data += part
            if part.endswith(b"\r\n\r\n"): connection.sendall(ANSWER)
    except OSError as problem:
        data += b"<%s>" % type(problem).__name__.encode()
    out.write(f"{port} {data!r}\n")
    out.flush()
    connection.close()


def listen(port, option, value, out):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if option: listener.setsockopt(socket.SOL_SOCKET, option, value)
    listener.bind(("", port))
    listener.listen(100)
    while True:
        connection, peer = listener.accept()
        threading.Thread(target=serve, args=(connection, peer[1], out)).start()


def fetch(address, port):
    try:
        with socket.create_connection((address, 80), timeout=3, source_address=("", port)) as connection:
            connection.sendall(b"GET /page HTTP/1.1\r\nHost: h\r\n\r\n")
            data = b""
            while True:
                part = connection.recv(65536)
                if not part: break
                data += part
    except OSError as problem:
        data += b"<%s>" % type(problem).__name__.encode()
    print(f"{port} {data!r}")


if sys.argv[1] == "serve":
    with open(sys.argv[2], "w") as out:
        for arguments in ((81, socket.SO_OOBINLINE, 1, out), (82, socket.SO_RCVBUF, 1, out)):
            threading.Thread(target=listen, args=arguments, daemon=True).start()
        listen(80, None, 0, out)
else:
    for i in range(int(sys.argv[3])): fetch(sys.argv[2], 30000 + i)
