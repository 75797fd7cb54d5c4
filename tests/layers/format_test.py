#!/usr/bin/env python3
"""What scripts/check_format says of the tree as it is, and of a file that no clang-format has seen."""
import os, subprocess, tempfile, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def check(*files):
    return subprocess.run([os.path.join(ROOT, "scripts/check_format"), *files], capture_output=True, text=True)


class Format(unittest.TestCase):
    def test_the_tree_as_it_is_passes(self):
        done = check()
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_file_that_is_not_formatted_fails_with_its_name(self):
        for kind in (".h", ".cc", ".inc"):
            with tempfile.NamedTemporaryFile("w", suffix=kind) as file:
                file.write("int  a ;\n")
                file.flush()
                done = check(file.name)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(file.name + ":1:", done.stderr)


unittest.main()
