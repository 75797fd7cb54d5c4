#!/usr/bin/env python3
"""What scripts/check_layers says of the tree, and of copies of it with a forbidden include or name planted, or a type twice."""
import os, shutil, subprocess, sys, tempfile, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("sensor", "dissectors", "signatures", "analytics", "export", "tests/dissectors/template")


class Layers(unittest.TestCase):
    def setUp(self):
        self.copy = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.copy)
        for folder in ROOMS: shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.copy, folder))
        os.mkdir(os.path.join(self.copy, "scripts"))
        shutil.copy(os.path.join(ROOT, "scripts/check_layers"), os.path.join(self.copy, "scripts"))
        shutil.copy(os.path.join(ROOT, "meson.build"), self.copy)

    def check(self):
        done = subprocess.run([sys.executable, os.path.join(self.copy, "scripts/check_layers")], capture_output=True, text=True)
        return done.returncode, done.stdout

    def plant(self, name, line):
        """Appends `line` to a file of the copy and returns where it stands."""
        with open(os.path.join(self.copy, name), "a+") as f:
            f.seek(0)
            number = len(f.readlines()) + 1
            f.write(line + "\n")
        return f"{name}:{number}:"

    def test_the_tree_as_it_is_passes(self):
        self.assertEqual(self.check()[0], 0, self.check()[1])

    def expect_fault(self, name, line):
        self.setUp()
        place = self.plant(name, line)
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertEqual([place in fault for fault in said.splitlines()], [True], said)

    def test_an_include_of_another_room_fails_with_its_place(self):
        for name, line in (("signatures/match/matcher.h", '#include "dissectors/contract/dissector.h"'),      # siblings
                           ("export/eve/recorder.h", '#include "signatures/compile/rule_compiler.h"'),
                           ("signatures/compile/rule_builder.cc", '#include "signatures/match/scene.h"'),
                           ("signatures/match/scene.h", '#include "signatures/compile/rule_builder.h"'),
                           ("sensor/base/bytes.h", '#include "sensor/decode/packet.h"'),       # upwards
                           ("dissectors/protocols/http/http.cc", '#include "dissectors/protocols/dns/dns.h"'),
                           ("dissectors/protocols/dns/dns.cc", '#include "dissectors/parts/file/file.h"'),  # its line names no part
                           ("tests/dissectors/template/protocol/echo.cc", '#include "dissectors/protocols/dns/dns.h"'),
                           ("tests/dissectors/template/protocol/echo.h", '#include "tests/support/flow_driver.h"'),
                           ("dissectors/protocols/dns/dns.cc", '  #  include <sensor/flow/flow.h>'),     # however it is written
                           ("sensor/stream/defrag.cc", '#include "../../dissectors/dissector.h"'),
                           ("export/outputs/publisher.cc", '#include "tests/support/packet_builder.h"'),
                           ("sensor/app/app_layer.cc", '#include "sensor/pipeline/worker.h"')):
            with self.subTest(name=name):
                self.expect_fault(name, line)

    def test_a_rule_or_record_that_names_a_protocol_fails_with_its_place(self):
        for name, line in (("signatures/keywords/sizes.cc", '  find("http.uri");'), ("signatures/match/matcher.h", "int kTlsFamily;"),
                           ("signatures/program/buffers.cc", '{"doh2", "dns"},'), ("export/record/record.h", "struct http_record;")):
            with self.subTest(name=name):
                self.expect_fault(name, line)

    def test_comments_links_and_what_has_a_reason_may_name_one(self):
        for name, line in (("signatures/keywords/sizes.cc", '// as http has it'), ("signatures/keywords/sizes.cc", 'go("http://a.org");'),
                           ("export/eve/config.cc", 'name("tls");')):
            with self.subTest(line=line):
                self.setUp()
                self.plant(name, line)
                self.assertEqual(self.check()[0], 0, self.check()[1])

    def test_a_library_of_another_room_fails_with_its_place(self):
        for name, line in (("sensor/flow/flow.cc", "#include <pcap/pcap.h>"), ("dissectors/protocols/tls/tls.cc", "#include <ndpi/ndpi_api.h>"),
                           ("sensor/cli/cli.cc", "#include <yaml-cpp/yaml.h>"), ("export/eve/recorder.h", "#include <zmq.hpp>"),
                           ("sensor/pipeline/worker.h", "#include <hs/hs.h>"), ("dissectors/protocols/dns/dns.cc", "#include <htp/htp.h>"),
                           ("sensor/cli/run.cc", "#include <prometheus/text_serializer.h>"), ("sensor/control/server.cc", "#include <boost/asio.hpp>")):
            with self.subTest(name=name):
                self.expect_fault(name, line)

    def test_a_name_that_two_types_have_fails_with_their_files(self):
        place = "namespace lapwing {\n%s\n}  // namespace lapwing"
        for line in ("enum class Outcome : uint8_t { one, other };", "class Outcome {\n};", "struct Outcome final : Other {"):
            with self.subTest(line=line):
                self.setUp()
                self.plant("sensor/stream/tcp_tracker.h", place % line)
                status, said = self.check()
                self.assertEqual((status, "sensor/event/outcome.h, sensor/stream/tcp_tracker.h: each defines lapwing::Outcome" in said), (1, True), said)
        for line in ("class Outcome;", "namespace {\nstruct Outcome {\n};\n}  // namespace", "namespace other {\nstruct Outcome {\n};\n}  // namespace other"):
            with self.subTest(line=line):
                self.setUp()
                self.plant("sensor/stream/tcp_tracker.h", place % line)
                self.assertEqual(self.check()[0], 0, self.check()[1])

    def test_a_file_of_a_new_folder_is_checked_too(self):
        os.mkdir(os.path.join(self.copy, "dissectors/new"))
        place = self.plant("dissectors/new/new.cc", '#include "signatures/match/matcher.h"')
        status, said = self.check()
        self.assertEqual((status, place in said), (1, True), said)


unittest.main()
