#!/usr/bin/env python3
"""Read records from Lapwing over ZeroMQ: subscribe.py [ENDPOINT] [TOPIC...]   (Debian: python3-zmq)"""
import json, sys
import zmq

endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5556"
socket = zmq.Context().socket(zmq.SUB)
socket.connect(endpoint)
for topic in sys.argv[2:] or [""]:  # the record types wanted; an empty prefix is every type
    socket.subscribe(topic)

expected = {}  # (sensor, epoch, topic) -> the number of the next record
while True:
    topic, header, lines = socket.recv_multipart()
    head = json.loads(header)
    stream = (head["sensor"], head["epoch"], topic)
    if head["seq"] != expected.get(stream, head["seq"]):
        print(f"{topic.decode()}: {head['seq'] - expected[stream]} records lost", file=sys.stderr)
    expected[stream] = head["seq"] + head["count"]
    for line in lines.splitlines():
        print(topic.decode(), json.loads(line), flush=True)
