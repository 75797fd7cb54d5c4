"""A sensor under load on lw1 of a namespace: Lapwing or Suricata, started alike, with what each says of its packets."""
import gzip, json, os, signal, subprocess, sys, time

PATIENCE = 180  # seconds: Suricata compiles 32,000 rules


def memory(pid):
    """MiB: the peak and what is resident now."""
    with open(f"/proc/{pid}/status") as f: lines = dict(line.split(":", 1) for line in f)
    return {key: round(int(lines[key].split()[0]) / 1024, 1) for key in ("VmHWM", "VmRSS")}


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f: fields = f.read().rsplit(")", 1)[1].split()
    return sum(int(fields[i]) for i in (11, 12)) / os.sysconf("SC_CLK_TCK")


def read_rules(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", errors="surrogateescape") as f: return f.read()


def send(space, sender, capture, *words, cpus=None):
    """Sends the capture on lw0; what was sent comes with the process's output, one JSON object."""
    pin = ["taskset", "-c", cpus] if cpus else []
    return space.start(*pin, sender, "lw0", capture, *map(str, words), stdout=subprocess.PIPE)


class Share:
    """A control group of version 1 or 2 whose processes get a part of a CPU."""
    PERIOD = 10_000 # microseconds

    def __init__(self, name, part):
        old = "/sys/fs/cgroup/cpu"
        self.path = f"{old if os.path.isdir(old) else '/sys/fs/cgroup'}/lapwing-{name}-{os.getpid()}"
        os.mkdir(self.path)
        quota = int(part * self.PERIOD)
        for file, text in ({"cpu.cfs_period_us": self.PERIOD, "cpu.cfs_quota_us": quota} if self.path.startswith(old) else {"cpu.max": f"{quota} {self.PERIOD}"}).items():
            with open(os.path.join(self.path, file), "w") as f: f.write(str(text))

    def take(self, pid):
        """With all its threads; those that it starts later come by themselves."""
        with open(os.path.join(self.path, "cgroup.procs"), "w") as f: f.write(str(pid))

    def end(self): os.rmdir(self.path)


class Sensor:
    """Writes its log and records to a folder of the caller's."""

    def __init__(self, space, folder, command, cpus=None):
        self.folder, self.eve = folder, os.path.join(folder, "eve.json")
        self.log = open(os.path.join(folder, "log"), "w")
        pin = ["taskset", "-c", cpus] if cpus else []
        self.process = space.start(*pin, *command, stdout=subprocess.DEVNULL, stderr=self.log)
        self.pid = self.process.pid

    def wait_for(self, ready):
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end: sys.exit(open(self.log.name).read() or "the sensor does not start")
            time.sleep(0.1)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()

    def forget_records(self): os.truncate(self.eve, 0)

    def settled_packets(self):
        """Packets processed, once there are no more to come."""
        last = -1
        while (now := self.packets()) != last:
            last = now
            time.sleep(self.refresh)
        return now


class Lapwing(Sensor):
    refresh = 0.5  # seconds until its counters are those of now

    def __init__(self, space, folder, lapwing, *words, cpus=None, sets=()):
        self.lapwing, self.socket = lapwing, os.path.join(folder, "s.sock")
        command = [lapwing, "run", "-i", "lw1", "--checksums", "none", *words]
        for setting in (f"control.socket={self.socket}", f"detect.sgh-mpm-caching-path={folder}/cache", *sets): command += ["--set", setting]
        super().__init__(space, folder, command, cpus)
        self.wait_for(lambda: os.path.exists(self.socket))

    def ask(self, *words):
        done = subprocess.run([self.lapwing, *words, "--socket", self.socket, "--json"], capture_output=True, text=True)
        if done.returncode: sys.exit(f"{words}: {done.stdout} {done.stderr}")
        return json.loads(done.stdout)

    def stats(self): return self.ask("stats")

    def packets(self): return self.stats()["capture"]["packets"]


class Suricata(Sensor):
    """By af-packet with the runmode workers. Debian's suricata.yaml, but for what is set here."""
    refresh = 3
    BLOCK, FRAME = 1 << 20, 65_700  # bytes: a block of the ring, and what it reckons for a frame of netns.LONG

    def __init__(self, space, folder, types, ring_mib, workers, rules=None, cpus=None, settings=None):
        import yaml
        self.counters = os.path.join(folder, "counters.json")
        with open("/etc/suricata/suricata.yaml") as f: config = yaml.safe_load(f)
        config["stats"] = {"enabled": True, "interval": 1}
        config["unix-command"] = {"enabled": False}
        config["rule-files"] = []
        config["mpm-algo"] = config["spm-algo"] = "hs"
        config["af-packet"] = [{"interface": "lw1", "threads": workers, "cluster-id": 99, "cluster-type": "cluster_flow", "defrag": True,
                                "use-mmap": True, "tpacket-v3": True, "block-size": self.BLOCK, "ring-size": ring_mib * (self.BLOCK // self.FRAME)}]
        for key, value in (settings or {}).items():
            *rooms, name = key.split(".")
            section = config
            for room in rooms: section = section[room]
            section[name] = value
        for output in config["outputs"]:
            for name, section in output.items():
                if name == "eve-log": section |= {"types": types, "community-id": True} # as Lapwing does
                elif isinstance(section, dict): section["enabled"] = False
        config["outputs"].append({"eve-log": {"enabled": True, "filetype": "regular", "filename": "counters.json", "types": ["stats"]}})
        path = os.path.join(folder, "s.yaml")
        text = yaml.dump(config, sort_keys=False, width=4000)
        with open(path, "w") as f: f.write("%YAML 1.1\n---\n" + text.replace(": true\n", ": yes\n").replace(": false\n", ": no\n"))
        command = ["suricata", "-c", path, "-l", folder, "--af-packet=lw1", "-k", "none", "--runmode", "workers"]
        super().__init__(space, folder, command + (["-S", rules] if rules else ["--disable-detection"]), cpus)
        self.wait_for(self.ready)

    def ready(self):
        path = os.path.join(self.folder, "suricata.log")
        if not os.path.exists(path): return False
        with open(path) as f: return "Engine started" in f.read()

    def stats(self):
        with open(self.counters) as f: lines = f.read().rpartition("\n")[0].splitlines()
        return json.loads(lines[-1])["stats"] if lines else {}

    def packets(self): return self.stats().get("decoder", {}).get("pkts", 0)
