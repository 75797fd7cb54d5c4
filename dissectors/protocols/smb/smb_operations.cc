// Operations from their request to their record, and what they refer to by number: files, shares, logins.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb.h"

namespace lapwing::smb {

namespace {

constexpr auto kDirections = {Direction::to_server, Direction::to_client};

}  // namespace

Operation& Smb::open(const Key& key, Kind kind, const Origin& origin) {
  if (Operation* before = operations_.find(key)) close(*before, origin.direction);  // its number is used again
  while (operations_.size() >= std::max<uint64_t>(config_.max_tx, 1)) {
    Operation& oldest = operations_.oldest();
    out_.capped(Cap::tx);
    tell(Anomaly::too_many_transactions, origin.direction, &oldest);
    close(oldest, origin.direction);
  }
  Operation& operation = operations_.add(key);
  operation.key = key;
  begin(operation, kind, origin);
  return operation;
}

void Smb::begin(Operation& operation, Kind kind, const Origin& origin) {
  operation.kind = kind;
  operation.version = origin.version;
  operation.command = origin.command;
  operation.session = origin.session;
  operation.tree = origin.tree;
  if (const auto* known = tree(origin)) operation.share = *known;
  operation.chained = origin.connecting != nullptr;
  operation.agreed = &agreement_;
  out_.open(operation);
}

/// A file that is open is called otherwise from now on.
void Smb::renamed(Operation& operation) {
  const Renaming* const detail = operation.as<Renaming>();
  if (!detail || !detail->opened) return;
  detail->opened->name = detail->to;
}

/// The response came. One that only says that another will leaves it open.
void Smb::answer(Operation& operation, Status status, Direction direction) {
  constexpr uint32_t kPending = 0x103;
  operation.status = status;
  if (status.code != kPending || status.dos) close(operation, direction);
}

/// Writes what is to be written of an operation, and forgets it.
void Smb::close(Operation& operation, Direction direction) {
  if (Transferred* file = operation.as<Transferred>()) {
    end_transfer(operation, file::State::truncated);
    file->opened->transfers[index(file->direction)] = nullptr;
  }
  if (negotiating_ == operation.key) negotiating_.reset();
  for (Direction whose : kDirections) out_.reach(operation, whose, kComplete);
  operation.unrecorded |= !(config_.kinds >> static_cast<uint8_t>(operation.kind) & 1);
  out_.emit({.tx = &operation, .direction = direction, .record = records().data()});
  if (operation.kind == Kind::dcerpc) {
    calls_.erase(operation.key.own);
  } else {
    operations_.erase(Key(operation.key));
  }
}

/// Of the flow rather than of an operation: told of the latest that is open.
void Smb::tell(Anomaly name, Direction direction, Operation* operation) {
  if (name == Anomaly::malformed_data && side(direction).compressed) return;
  if (!operation && !operations_.empty()) operation = &operations_.latest();
  out_.anomaly(name, direction, operation);
}

std::shared_ptr<Opened> Smb::opened(const HandleKey& key, std::string fuid) {
  if (const auto* known = handles_.use(key)) return *known;
  auto opened = std::make_shared<Opened>();
  opened->fuid = std::move(fuid);
  hold(key, opened);
  return opened;
}

void Smb::hold(const HandleKey& key, std::shared_ptr<Opened> opened) {
  if (auto* known = handles_.use(key)) {
    forget(**known, Direction::to_client);
    *known = std::move(opened);
    return;
  }
  while (handles_.size() >= std::max<uint64_t>(config_.handles, 1)) {
    out_.capped(Cap::handles);
    forget(*handles_.oldest(), Direction::to_server);
    handles_.erase(HandleKey(handles_.oldest_key()));
  }
  handles_.add(key, std::move(opened));
}

/// Nothing more is heard of it.
void Smb::forget(Opened& opened, Direction direction) {
  for (Direction whose : kDirections) {
    if (Operation* operation = opened.transfers[index(whose)]) close(*operation, direction);
  }
  end_pipe(opened, 0);
}

/// A share is asked for. Those behind it in its chain are about that.
Connect& Smb::connect(Operation& operation, std::string path, Direction direction) {
  Connect& detail = operation.detail.emplace<Connect>();
  detail.tree = std::make_shared<Tree>(Tree{.path = std::move(path)});
  side(direction).connecting = detail.tree;
  return detail;
}

void Smb::enter(const TreeKey& key, std::shared_ptr<const Tree> tree) {
  if (auto* known = trees_.use(key)) {
    *known = std::move(tree);
    return;
  }
  while (trees_.size() >= std::max<uint64_t>(config_.trees, 1)) {
    out_.capped(Cap::trees);
    trees_.erase(TreeKey(trees_.oldest_key()));
  }
  trees_.add(key, std::move(tree));
}

void Smb::expect_read(const Key& key, PendingRead read) {
  take_read(key);
  while (reads_.size() >= std::max<uint64_t>(config_.reads, 1)) {
    out_.capped(Cap::reads);
    const auto forgotten = take_read(Key(reads_.oldest_key()));
    if (forgotten->opened->closing) close_read(*forgotten->opened, Direction::to_server);
  }
  ++read.opened->reads;
  reads_.add(key, std::move(read));
}

std::optional<Smb::PendingRead> Smb::take_read(const Key& key) {
  PendingRead* const found = reads_.find(key);
  if (!found) return {};
  std::optional<PendingRead> out = std::move(*found);
  --out->opened->reads;
  reads_.erase(key);
  return out;
}

/// The login under way of that session, or a new one.
std::shared_ptr<gss::Login> Smb::login(uint64_t session) {
  const auto* known = session ? logins_.use(session) : nullptr;
  return known ? *known : std::make_shared<gss::Login>();
}

void Smb::keep_login(uint64_t session, std::shared_ptr<gss::Login> login) {
  if (auto* known = logins_.use(session)) {
    *known = std::move(login);
    return;
  }
  while (logins_.size() >= std::max<uint64_t>(config_.sessions, 1)) {
    out_.capped(Cap::sessions);
    logins_.erase(uint64_t{logins_.oldest_key()});
  }
  logins_.add(session, std::move(login));
}

void Smb::take_token(Operation& operation, Bytes token, Direction direction) {
  Setup& setup = *operation.as<Setup>();
  if (token.empty() || !setup.login) return;
  const bool proposed = setup.login->proposed();
  const gss::Token verdict = setup.login->take(token, direction);
  const bool request = direction == Direction::to_server;
  if (verdict == gss::Token::malformed_ntlmssp) {
    tell(request ? Anomaly::malformed_ntlmssp_request : Anomaly::malformed_ntlmssp_response, direction, &operation);
  } else if (verdict == gss::Token::malformed || verdict == gss::Token::malformed_kerberos) {
    tell(Anomaly::malformed_data, direction, &operation);
  }
  setup.own |= request && setup.login->proposed() && !proposed;
  const ntlmssp::Exchange* const ntlm = setup.login->ntlmssp();
  if (setup.own && request && ntlm && ntlm->unusual) tell(Anomaly::unusual_ntlmssp_order, direction, &operation);
}

}  // namespace lapwing::smb
