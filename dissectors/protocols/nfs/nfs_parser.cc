#include "dissectors/protocols/nfs/nfs_parser.h"

namespace lapwing::nfs {

namespace {

// Version 2.
constexpr uint32_t kHandle2 = 32;  // bytes of every handle (RFC 1094 2.3.3)

/// RFC 1094 2.3.5; a fifo is a character device there.
Attributes read_fattr2(XdrReader& body) {
  Attributes out;
  out.type = body.u32();
  out.mode = body.u32() & 07777;
  out.links = body.u32();
  out.uid = body.u32();
  out.gid = body.u32();
  out.size = body.u32();
  body.skip(16);  // size of blocks, device, blocks, file system
  out.id = body.u32();
  for (auto* time : {&out.accessed, &out.modified, &out.changed}) {
    *time = body.u32();
    body.u32();
  }
  return out;
}

void read_arguments2(uint32_t procedure, XdrReader& body, Arguments& out) {
  if (procedure == v2::null || procedure > 17 || procedure == 3 || procedure == 7) return;
  out.handle = body.fixed(kHandle2);
  switch (procedure) {
    case v2::lookup:
    case v2::create:
    case v2::remove:
    case v2::symlink:
    case v2::mkdir:
    case v2::rmdir: out.name = body.text(kMostName); break;
    case v2::rename:
      out.name = body.text(kMostName);
      body.fixed(kHandle2);
      out.to = body.text(kMostName);
      break;
    case v2::link:
      body.fixed(kHandle2);
      out.to = body.text(kMostName);
      break;
    case v2::read: out.offset = body.u32(); break;
    case v2::write:
      body.u32();
      out.offset = body.u32();
      body.u32();
      out.data = body.u32();
      break;
    default: break;
  }
}

void read_results2(uint32_t procedure, XdrReader& body, Results& out) {
  switch (procedure) {
    case v2::lookup:
    case v2::create:
    case v2::mkdir: out.handle = body.fixed(kHandle2); [[fallthrough]];
    case v2::getattr:
    case v2::setattr:
    case v2::write: out.attributes = read_fattr2(body); break;
    case v2::read:
      out.attributes = read_fattr2(body);
      out.data = body.u32();
      break;
    default: break;
  }
}

// Version 3.
Bytes read_handle(XdrReader& body) {
  return body.opaque(kMostHandle);
}

/// RFC 1813 2.5.5.
Attributes read_fattr3(XdrReader& body) {
  Attributes out;
  out.type = body.u32();
  out.mode = body.u32() & 07777;
  out.links = body.u32();
  out.uid = body.u32();
  out.gid = body.u32();
  out.size = body.u64();
  body.skip(24);  // bytes used, device, file system
  out.id = body.u64();
  for (auto* time : {&out.accessed, &out.modified, &out.changed}) {
    *time = body.u32();
    body.u32();
  }
  return out;
}

/// post_op_attr (RFC 1813 2.6).
std::optional<Attributes> read_attributes_after(XdrReader& body) {
  if (!body.flag()) return {};
  return read_fattr3(body);
}

/// wcc_data (RFC 1813 2.6): some attributes as they were before, and all as they are.
std::optional<Attributes> read_change(XdrReader& body) {
  if (body.flag()) body.skip(24);
  return read_attributes_after(body);
}

void read_arguments3(uint32_t procedure, XdrReader& body, Arguments& out) {
  if (procedure == v3::null || procedure > v3::commit) return;
  out.handle = read_handle(body);
  switch (procedure) {
    case v3::lookup:
    case v3::create:
    case v3::mkdir:
    case v3::symlink:
    case v3::mknod:
    case v3::remove:
    case v3::rmdir: out.name = body.text(kMostName); break;
    case v3::rename: out.name = body.text(kMostName); [[fallthrough]];
    case v3::link:
      read_handle(body);
      out.to = body.text(kMostName);
      break;
    case v3::read: out.offset = body.u64(); break;
    case v3::write:
      out.offset = body.u64();
      body.u32();
      out.synced = body.u32() == kFileSync;
      out.data = body.u32();
      break;
    default: break;
  }
}

void read_results3(uint32_t procedure, XdrReader& body, Results& out) {
  const bool done = out.status == 0;
  switch (procedure) {
    case v3::getattr:
      if (done) out.attributes = read_fattr3(body);
      break;
    case v3::setattr:
    case v3::write:
    case v3::commit: out.attributes = read_change(body); break;
    case v3::lookup:
      if (done) {
        out.handle = read_handle(body);
        out.attributes = read_attributes_after(body);
      }
      break;
    case v3::create:
    case v3::mkdir:
    case v3::symlink:
    case v3::mknod:
      if (done) {
        if (body.flag()) out.handle = read_handle(body);
        out.attributes = read_attributes_after(body);
      }
      break;
    case v3::access:
    case v3::readlink: out.attributes = read_attributes_after(body); break;
    case v3::read:
      out.attributes = read_attributes_after(body);
      if (done) {
        body.u32();
        out.last = body.flag();
        out.data = body.u32();
      }
      break;
    case v3::readdirplus:
      out.attributes = read_attributes_after(body);
      if (done) {
        body.skip(8);  // verifier
        out.entries = true;
      }
      break;
    default: break;
  }
}

}  // namespace

Arguments read_arguments(uint32_t version, uint32_t procedure, XdrReader& body) {
  Arguments out;
  if (version == 2) read_arguments2(procedure, body, out);
  if (version == 3) read_arguments3(procedure, body, out);
  return out;
}

Results read_results(uint32_t version, uint32_t procedure, XdrReader& body) {
  Results out;
  if (procedure == v2::null) return out;
  out.status = body.u32();
  if (version == 2 && out.status == 0) read_results2(procedure, body, out);
  if (version == 3) read_results3(procedure, body, out);
  return out;
}

/// RFC 1813 3.3.17.
Entry read_entry(XdrReader& body) {
  Entry out{.follows = body.flag()};
  if (!out.follows) return out;
  body.skip(8);  // number of the file
  out.name = body.text(kMostName);
  body.skip(8);  // cookie
  read_attributes_after(body);
  if (body.flag()) out.handle = read_handle(body);
  return out;
}

std::optional<uint32_t> as_v3(uint32_t version, uint32_t procedure) {
  if (version == 3) return procedure;
  if (version != 2) return {};
  constexpr uint32_t kNone = UINT32_MAX;
  constexpr uint32_t kAs[] = {v3::null, v3::getattr, v3::setattr, kNone,      v3::lookup,  v3::readlink,
                              v3::read, kNone,       v3::write,   v3::create, v3::remove,  v3::rename,
                              v3::link, v3::symlink, v3::mkdir,   v3::rmdir,  v3::readdir, v3::fsstat};
  if (procedure >= std::size(kAs) || kAs[procedure] == kNone) return {};
  return kAs[procedure];
}

}  // namespace lapwing::nfs
