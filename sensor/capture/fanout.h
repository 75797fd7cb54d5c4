// Fanout groups: the kernel deals the frames of an interface to several handles, all of an address pair to one.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lapwing::capture {

/// The classic BPF program that names the member of a frame: a hash of the two addresses, the same for both
/// directions. Fragments have no ports, so ports are left out. ICMP errors go by the addresses they quote, as their
/// flows do. Frames without IP go to member 0. `ethernet`: the link has Ethernet headers.
std::vector<sock_filter> pair_program(bool ethernet);

/// Makes a group of this packet socket, with `program`, and returns its id; nobody else in the network namespace has
/// it. Throws std::runtime_error.
uint16_t make_group(int fd, const std::vector<sock_filter>& program);
/// Throws std::runtime_error: the group has members of another interface, or none.
void join_group(int fd, uint16_t group);
/// Lets no frame through from now on. Throws std::runtime_error.
void refuse_all(int fd);

}  // namespace lapwing::capture
