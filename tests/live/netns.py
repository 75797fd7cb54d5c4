"""A network namespace with a veth pair of a test's own: lw0 is sent on, lw1 is watched. Needs root and iproute2."""
import os, shutil, subprocess, tempfile, unittest


def missing():
    """Why there can be none here, or an empty text."""
    if os.geteuid() != 0: return "needs root"
    if not shutil.which("ip"): return "needs iproute2"
    return ""


LONG = 65535  # the longest MTU of veth: frames that a card put together pass, too


class Space:
    """`folder` is where its programs start, and leave what they were told no place for."""

    def __init__(self, name, mtu=1500, folder=None):
        self.name, self.folder = f"{name}-{os.getpid()}", folder
        try:
            for command in (f"ip netns add {self.name}", f"ip -n {self.name} link add lw0 mtu {mtu} type veth peer name lw1 mtu {mtu}",
                            f"ip -n {self.name} link set lw0 up", f"ip -n {self.name} link set lw1 up"):
                subprocess.run(command.split(), check=True, capture_output=True)
        except subprocess.CalledProcessError as error:
            self.close()
            raise OSError(f"no network namespace here: {error.stderr.decode().strip()}")
        # No router solicitations and the like between the packets of the test.
        for interface in ("lw0", "lw1"): self.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1", check=False)

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words, check=True, **options):
        options.setdefault("cwd", self.folder)
        return subprocess.run(self.command(*words), check=check, capture_output=True, text=True, **options)

    def start(self, *words, **options):
        options.setdefault("cwd", self.folder)
        return subprocess.Popen(self.command(*words), **options)


@unittest.skipIf(missing(), missing())
class Case(unittest.TestCase):
    """A test with a namespace and a folder of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        try:
            self.space = Space(f"lapwing-{type(self).__name__.lower()}", folder=self.folder)
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(self.space.close)
