"""A local user's subscriptions: what a client of the publisher can make it keep. ZMTP 3.0 by hand (rfc.zeromq.org/spec/23)."""
import os, socket, struct, subprocess, time

CONNECTIONS = 200     # that stay open, silent
TOPIC = 60000         # bytes of a subscription to what nobody publishes
PATIENCE = 10         # seconds


class Client:
    """A subscriber without authentication, over ipc."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def greet(self):
        self.socket.sendall(b"\xff" + bytes(8) + b"\x7f\3\0" + b"NULL".ljust(20, b"\0") + bytes(32))
        self.read(64)
        ready = b"\5READY" + b"\x0bSocket-Type" + struct.pack("!I", 3) + b"SUB"
        self.socket.sendall(b"\4" + bytes([len(ready)]) + ready)
        self.frame()
        return self

    def subscribe(self, topic):
        body = b"\1" + topic
        self.socket.sendall((b"\0" + bytes([len(body)]) if len(body) < 256 else b"\2" + struct.pack("!Q", len(body))) + body)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece: raise ConnectionResetError
            data += piece
        return data

    def frame(self):
        flags = self.read(1)[0]
        return self.read(struct.unpack("!Q", self.read(8))[0] if flags & 2 else self.read(1)[0])


def usage(pid):
    """CPU seconds and peak MB so far."""
    with open(f"/proc/{pid}/stat") as file: fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as file: peak = next(line for line in file if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024


def attack(binary, folder, capture, count):
    """`count` long subscriptions and idle clients: exit status, CPU seconds, MB more, MB sent, and whether one who then asked
    for a topic got records. The sensor reads its capture from a pipe that is held open meanwhile."""
    path = os.path.join(folder, "publisher")
    command = [binary, "replay", "-", "--publish", "ipc://" + path, "--set", "outputs.zmq.wait-subscriber=100"]
    sensor = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with open(capture, "rb") as file: data = file.read()
        sensor.stdin.write(data[:24])
        sensor.stdin.flush()
        end = time.monotonic() + PATIENCE
        while not os.path.exists(path) and time.monotonic() < end: time.sleep(0.02)
        time.sleep(0.5)
        before, sent, client, clients = usage(sensor.pid), 0, None, []
        for number in range(count):
            try:
                client = client or Client(path).greet()
                client.subscribe(b"%06d" % number + bytes([97 + number % 26]) * TOPIC)
            except OSError: client = None  # refused, as it should be
            sent += TOPIC
        for _ in range(CONNECTIONS):
            try: clients.append(Client(path))
            except OSError: pass
        time.sleep(1)
        after = usage(sensor.pid)
        for idle in clients: idle.socket.close()
        served = True
        try:
            reader = Client(path).greet()
            reader.subscribe(b"flow")
            time.sleep(0.5)
            sensor.stdin.write(data[24:])
            sensor.stdin.close()
            while b'"event_type"' not in reader.frame(): pass
            reader.socket.close()
        except OSError: served = False
        if not sensor.stdin.closed: sensor.stdin.close()
        status = sensor.wait(60)
        return status, after[0] - before[0], after[1] - before[1], sent / 1e6, served
    finally:
        if sensor.poll() is None: sensor.kill()
        sensor.wait()
