"""Runs of a sensor over a capture, and what they cost."""
import collections, json, mmap, os, re, resource, shutil, subprocess

CPU_LIMIT = 60       # seconds of a run, which then ends by SIGXCPU
OUTPUT_LIMIT = 3 << 30  # bytes of one file, so that a flood of records does not fill the disk

Run = collections.namedtuple("Run", "status cpu rss eve log")  # seconds of user and system, MB, bytes, what it said


def measured(command, log, space=None):
    """Status, CPU seconds and peak MB of a process. The peak counts what this process held at the fork: it must stay small."""
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_LIMIT, OUTPUT_LIMIT))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if space: resource.setrlimit(resource.RLIMIT_AS, (space << 20, space << 20))
    with open(log, "wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, preexec_fn=limits)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(log, errors="replace") as file: said = file.read()
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


class Lapwing:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        options = json.loads(subprocess.check_output([binary, "list", "options", "--json"]))
        self.defaults = {row["key"]: row["default"] for row in options}
        self.eve = os.path.join(folder, "eve.json")

    def run(self, capture, rules="", sets=None, space=None):
        """The records are in `eve` until the next run."""
        words = ["replay", capture, "--eve", self.eve]
        if rules: words += ["--rules", self.rule_file(rules)]
        for key, value in (sets or {}).items(): words += ["--set", f"{key}={value}"]
        if os.path.exists(self.eve): os.unlink(self.eve)
        status, cpu, rss, said = measured([self.binary, *words], os.path.join(self.folder, "log"), space)
        return Run(status, cpu, rss, os.path.getsize(self.eve) if os.path.exists(self.eve) else 0, said)

    def rule_file(self, rules):
        if os.path.exists(rules): return rules
        path = os.path.join(self.folder, "rules")
        with open(path, "w") as file: file.write(rules)
        return path

    def cap(self, key, sets, each=None):
        """MB of a memory cap; of a cap by number, of which `each` takes so many MB; 0 of one that this sensor does not have."""
        value = str((sets or {}).get(key, self.defaults.get(key, "0mb")))
        if each: return int(value) * each if value.isdigit() else 0
        match = re.fullmatch(r"(\d+)(kb|mb|gb)", value)
        return int(match[1]) * {"kb": 1 / 1024, "mb": 1, "gb": 1024}[match[2]]

    def wrote(self, *texts):
        """Those of the texts that no record has."""
        with open(self.eve, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as records:
            return [text for text in texts if records.find(text.encode()) < 0]


def losses(run):
    """What the summary tells of losses; None when it tells that there were none."""
    found = re.search(r"^losses: (.*)$", run.log, re.M)
    return found[1] if found and found[1] != "none" else None


class Suricata:
    name = "suricata"

    def __init__(self, folder):
        self.folder = os.path.join(folder, "suricata")

    def run(self, capture, rules="", sets=None, space=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder)
        path = rules if rules and os.path.exists(rules) else os.path.join(self.folder, "rules")
        if path != rules:
            with open(path, "w") as file: file.write(rules)
        sized = {key: value for key, value in (sets or {}).items() if key.endswith(".memcap")}
        words = [word for key, value in sized.items() for word in ("--set", f"{key}={value}")]
        status, cpu, rss, said = measured(["suricata", "-r", capture, "-l", self.folder, "-S", path, "--runmode", "single", *words],
                                          os.path.join(self.folder, "log"))
        eve = os.path.join(self.folder, "eve.json")
        return Run(status, cpu, rss, os.path.getsize(eve) if os.path.exists(eve) else 0, said)
