#!/usr/bin/env python3
"""Read records from Lapwing over ZeroMQ: subscriber.py [ENDPOINT] [TOPIC...]   (Debian: python3-zmq)"""
import json, sys
import zmq

endpoint = sys.argv[1] if len(sys.argv) > 1 else "ipc:///run/lapwing/records"
socket = zmq.Context().socket(zmq.SUB)
for topic in sys.argv[2:] or [""]:  # the record types wanted; an empty prefix is every type
    socket.subscribe(topic)
socket.connect(endpoint)

expected = {}  # (sensor, topic) -> epoch and number of the next record
while True:
    topic, header, body = socket.recv_multipart()
    head, stream = json.loads(header), topic.decode()
    epoch, number = expected.get((head["sensor"], stream), (head["epoch"], head["seq"]))
    if epoch != head["epoch"]: number = 0  # the sensor began anew, and its numbers with it
    if head["seq"] != number: print(f"{stream}: {head['seq'] - number} records lost", file=sys.stderr, flush=True)
    expected[head["sensor"], stream] = head["epoch"], head["seq"] + head["count"]
    for line in body.splitlines():
        record = json.loads(line)
        print(stream, json.dumps(record), flush=True)
