"""The server's half of NTLM (MS-NLMP 3.2.5, 3.4): who logs in, and what he and the server then seal."""
import os, struct, time
from impacket import ntlm
from Cryptodome.Cipher import ARC4


class Login:
    def __init__(self, negotiate):
        wanted = ntlm.NTLMAuthNegotiate()
        wanted.fromString(negotiate)
        name, names = "LAB".encode("utf-16le"), ntlm.AV_PAIRS()
        names[ntlm.NTLMSSP_AV_HOSTNAME], names[ntlm.NTLMSSP_AV_DOMAINNAME] = "SERVER".encode("utf-16le"), name
        names[ntlm.NTLMSSP_AV_TIME] = struct.pack("<q", 116444736000000000 + int(time.time()) * 10000000)
        self.random, self.challenge = os.urandom(8), ntlm.NTLMAuthChallenge()
        own = (ntlm.NTLMSSP_NEGOTIATE_UNICODE | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO | ntlm.NTLMSSP_TARGET_TYPE_SERVER
               | ntlm.NTLMSSP_NEGOTIATE_VERSION)
        fields = {"flags": wanted["flags"] & 0xE0088234 | own, "challenge": self.random,
                  "domain_len": len(name), "domain_max_len": len(name), "domain_offset": 56, "domain_name": name,
                  "TargetInfoFields_len": len(names), "TargetInfoFields_max_len": len(names), "TargetInfoFields": names,
                  "TargetInfoFields_offset": 56 + len(name), "Version": b"\x0a\x00\x63\x45\x00\x00\x00\x0f", "VersionLen": 8}
        for field, value in fields.items(): self.challenge[field] = value

    def prove(self, message, password):
        answer = ntlm.NTLMAuthChallengeResponse()
        answer.fromString(message)
        self.flags, proof = answer["flags"], answer["ntlm"]
        key = ntlm.NTOWFv2(answer["user_name"].decode("utf-16le"), password, answer["domain_name"].decode("utf-16le"))
        if ntlm.hmac_md5(key, self.random + proof[16:]) != proof[:16]: raise PermissionError("wrong password")
        session = ntlm.generateEncryptedSessionKey(ntlm.hmac_md5(key, proof[:16]), answer["session_key"])
        self.keys = {side: (ntlm.SIGNKEY(self.flags, session, side), ARC4.new(ntlm.SEALKEY(self.flags, session, side)).encrypt)
                     for side in ("Client", "Server")}
        self.counts = {"Client": 0, "Server": 0}

    def pass_through(self, side, signed, text):
        """Both ways are the same: the stream of the cipher goes over the text, and then over the signature."""
        sign, cipher = self.keys[side]
        out = ntlm.SEAL(self.flags, sign, None, signed, text, self.counts[side], cipher)
        self.counts[side] += 1
        return out[0], out[1].getData()
