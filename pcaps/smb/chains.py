"""Chains of commands in one message of SMB 1 (MS-CIFS 2.2.3.4): open with read and close, create with write, a directory's
reading, with padding between; and the old commands that nobody chains. Writes chains.saved, as saved.txt.

  chains.py SERVER USER PASSWORD
"""
import hashlib, sys
from impacket import smb

server, user, password = sys.argv[1:]
link = smb.SMB(server, server, sess_port=445)
link.login(user, password, "LAB")
tree = link.tree_connect_andx(f"\\\\{server}\\docs", password=None)
UNICODE = link.get_flags()[1] & smb.SMB.FLAGS2_UNICODE


def text(name): return name.encode("utf-16le") if UNICODE else name


def send(*commands):
    packet = smb.NewSMBPacket()
    packet["Tid"] = tree
    for command in commands: packet.addCommand(command)
    link.sendSMB(packet)
    return link.recvSMB()


def create(name, access=0x2019F, disposition=5):
    command = smb.SMBCommand(smb.SMB.SMB_COM_NT_CREATE_ANDX)
    command["Parameters"] = smb.SMBNtCreateAndX_Parameters()
    command["Data"] = smb.SMBNtCreateAndX_Data(flags=link.get_flags()[1])
    command["Parameters"]["FileNameLength"] = len(name) * (2 if UNICODE else 1)
    command["Parameters"]["CreateFlags"] = 0
    command["Parameters"]["AccessMask"] = access
    command["Parameters"]["ShareAccess"] = 7
    command["Parameters"]["Disposition"] = disposition
    command["Parameters"]["CreateOptions"] = 0
    command["Data"]["FileName"] = text(name)
    if UNICODE: command["Data"]["Pad"] = 0
    return command


def open_(name, access=0, mode=1):
    command = smb.SMBCommand(smb.SMB.SMB_COM_OPEN_ANDX)
    command["Parameters"] = smb.SMBOpenAndX_Parameters()
    command["Parameters"]["DesiredAccess"] = access
    command["Parameters"]["OpenMode"] = mode
    command["Parameters"]["SearchAttributes"] = 0x16
    command["Data"] = smb.SMBOpenAndX_Data(flags=link.get_flags()[1])
    command["Data"]["FileName"] = text(name)
    if UNICODE: command["Data"]["Pad"] = 0
    return command


def read(handle, count, offset=0):
    command = smb.SMBCommand(smb.SMB.SMB_COM_READ_ANDX)
    command["Parameters"] = smb.SMBReadAndX_Parameters()
    command["Parameters"]["Offset"] = offset
    command["Parameters"]["Fid"] = handle
    command["Parameters"]["MaxCount"] = count
    return command


def write(handle, data, before, offset=0, padding=b""):
    """`before`: bytes of the chain between the header and this command."""
    command = smb.SMBCommand(smb.SMB.SMB_COM_WRITE_ANDX)
    command["Parameters"] = smb.SMBWriteAndX_Parameters()
    command["Parameters"]["Fid"] = handle
    command["Parameters"]["Offset"] = offset
    command["Parameters"]["WriteMode"] = 8
    command["Parameters"]["Remaining"] = len(data)
    command["Parameters"]["DataLength"] = len(data)
    command["Parameters"]["DataOffset"] = 32 + before + len(command["Parameters"]) + 3 + len(padding)
    command["Data"] = padding + data
    return command


def close(handle):
    command = smb.SMBCommand(smb.SMB.SMB_COM_CLOSE)
    command["Parameters"] = smb.SMBClose_Parameters()
    command["Parameters"]["FID"] = handle
    return command


def length(command): return 3 + len(command["Parameters"]) + len(command["Data"])


saved = []


def keep(way, name, data): saved.append(f"{hashlib.sha256(data).hexdigest()} smb1 {way} {name}")


def handle(answer): return smb.SMBNtCreateAndXResponse_Parameters(smb.SMBCommand(answer["Data"][0])["Parameters"])["Fid"]


def got(answer):
    if served not in answer.getData(): sys.exit("another file is served")


served = open("../share/on server.txt", "rb").read()
got(send(open_("\\on server.txt"), read(0xFFFF, 4096)))
keep("get", "on server.txt", served)
for padding in (b"", b"\0\0\0\0\0"):
    data = b"written in a chain after " + str(len(padding)).encode() + b" bytes of padding\n"
    first = create("\\chained.txt")
    answer = send(first, write(0xFFFF, data, length(first), padding=padding))
    send(close(handle(answer)))
    keep("put", "chained.txt", data)
answer = send(create("\\on server.txt", 0x20089, 1), read(0xFFFF, 4096))
got(answer)
send(close(handle(answer)))
keep("get", "on server.txt", served)
link.remove("docs", "\\chained.txt")
link.disconnect_tree(tree)
link.logoff()
open("chains.saved", "w").write("\n".join(saved) + "\n")
