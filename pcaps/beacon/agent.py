#!/usr/bin/env python3
"""agent.py HOST PORT: calls a server and asks it for work. Of no tool; the rhythms are those of many."""
import argparse, math, random, socket, ssl, time

parser = argparse.ArgumentParser()
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("--calls", type=int, default=24)
parser.add_argument("--period", type=float, default=2.5, help="seconds")
parser.add_argument("--jitter", type=float, default=0, help="share of the period by which a pause may be shorter")
parser.add_argument("--leave-out", type=float, default=0, help="share of the calls")
parser.add_argument("--keep", action="store_true", help="one connection for all")
parser.add_argument("--speak", choices=("raw", "http", "tls"), default="raw")
parser.add_argument("--reader", action="store_true", help="pauses as people make them: log-normal, pages of several requests")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
draw = random.Random(args.seed)

def connect():
    one = socket.create_connection((args.host, args.port), timeout=5)
    if args.speak != "tls": return one
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(one)

def ask(one):
    if args.speak == "raw": one.sendall(b"\x01\x00\x10" + b"\x5a" * 16)
    else: one.sendall(f"GET /{draw.randrange(40) if args.reader else 'q'} HTTP/1.1\r\nHost: {args.host}\r\nConnection: close\r\n\r\n".encode())
    one.recv(4096)

kept = connect() if args.keep else None
begin = time.monotonic()
due = 0.0
for _ in range(args.calls):
    if draw.random() >= args.leave_out:
        for _ in range(draw.choice((1, 2, 3, 5)) if args.reader else 1):
            one = kept or connect()
            ask(one)
            if not kept: one.close()
    due += math.exp(draw.gauss(math.log(args.period), 1.1)) if args.reader else args.period * (1 - args.jitter * draw.random())
    time.sleep(max(0.0, begin + due - time.monotonic()))
