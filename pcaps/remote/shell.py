"""A shell by WS-Management (MS-WSMV 3.1.4) for who logs in by NTLM (MS-NTHT), which runs nothing.

  shell.py PORT PASSWORD
"""
import base64, http.server, re, sys
from ntlm_login import Login

port, password = sys.argv[1:]
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
NUMBER, COMMAND = "6D2B5A3E-0000-4000-8000-000000000001", "6D2B5A3E-0000-4000-8000-000000000002"
SAID = base64.b64encode(b"lab\\admin\r\n").decode()
ANSWERS = {
    "Create": f'<x:ResourceCreated xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><w:SelectorSet xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
              f'<w:Selector Name="ShellId">{NUMBER}</w:Selector></w:SelectorSet></x:ResourceCreated>',
    "Command": f"<rsp:CommandResponse><rsp:CommandId>{COMMAND}</rsp:CommandId></rsp:CommandResponse>",
    "Receive": f'<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="{COMMAND}">{SAID}</rsp:Stream>'
               f'<rsp:CommandState CommandId="{COMMAND}" State="{SHELL}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>',
}


class Visit(http.server.BaseHTTPRequestHandler):
    protocol_version, server_version, sys_version = "HTTP/1.1", "Microsoft-HTTPAPI/2.0", ""
    login, known = None, False

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if token and self.login:
            try: self.login.prove(base64.b64decode(token), password)
            except PermissionError: return self.answer(401, WWW_Authenticate="Negotiate")
            self.known = True
        elif token:
            self.login = Login(base64.b64decode(token))
            return self.answer(401, WWW_Authenticate=f"{scheme} {base64.b64encode(self.login.challenge.getData()).decode()}")
        if self.path.split("?")[0] != "/wsman": return self.answer(200)
        if not self.known: return self.answer(401, WWW_Authenticate="Negotiate")
        action = re.search(r"Action[^>]*>[^<]*/(\w+)<", asked)[1]
        message = re.search(r"MessageID[^>]*>([^<]*)<", asked)[1]
        self.answer(200, f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{ADDRESSING}" xmlns:rsp="{SHELL}"><s:Header>'
                         f"<a:RelatesTo>{message}</a:RelatesTo></s:Header><s:Body>{ANSWERS.get(action, '')}</s:Body></s:Envelope>".encode(),
                    Content_Type="application/soap+xml;charset=UTF-8")

    def log_message(self, *_): pass


http.server.ThreadingHTTPServer(("", int(port)), Visit).serve_forever()
