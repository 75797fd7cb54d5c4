#!/usr/bin/env python3
"""What `lapwing list` prints.

  lists_test.py LAPWING
"""
import json, unittest

from cli_test import Case, run


class Lists(Case):
    def test_every_list_is_json_and_has_help(self):
        for what in ("keywords", "fields", "protocols", "records", "counters", "options", "detectors", "roles"):
            rows = json.loads(run("list", what, "--json").stdout)
            if isinstance(rows, dict): rows = rows["rows"]
            self.assertGreater(len(rows), 2, what)
            for row in rows: self.assertTrue(row["help"], f"{what}: {row}")


if __name__ == "__main__": unittest.main()
