#!/usr/bin/env node
// Read records from Lapwing over ZeroMQ: subscriber.mjs [ENDPOINT] [TOPIC...]   (npm install zeromq)
import { Subscriber } from "zeromq";

const [endpoint = "ipc:///run/lapwing/records", ...topics] = process.argv.slice(2);
const socket = new Subscriber({ receiveHighWaterMark: 100000 });
socket.subscribe(...(topics.length ? topics : [""])); // the record types wanted; an empty prefix is every type
socket.connect(endpoint);

const expected = new Map(); // sensor and topic -> epoch and number of the next record
for await (const [topic, header, body] of socket) {
  const { sensor, epoch, seq, count } = JSON.parse(header);
  const stream = `${sensor} ${topic}`;
  const last = expected.get(stream) ?? { epoch, number: seq };
  const number = last.epoch === epoch ? last.number : 0; // the sensor began anew, and its numbers with it
  if (seq !== number) console.error(`${topic}: ${seq - number} records lost`);
  expected.set(stream, { epoch, number: seq + count });
  for (const line of body.toString().split("\n")) console.log(`${topic}`, JSON.stringify(JSON.parse(line)));
}
