// FailingAllocator: the process's allocator, of which one allocation of a thread can be made to fail.
#pragma once

#include <cstdint>
#include <string>

namespace lapwing::test {

/// Of this thread: its `n`-th allocation from now on fails, ours or a library's; none where n is 0.
void fail_allocation(uint64_t n);
/// Between the two nothing is counted and nothing fails: of what is not tried.
void pause_failing();
void resume_failing();
/// Allocations of this thread since fail_allocation().
uint64_t allocations_made();

/// The code that asked for the allocation that failed since fail_allocation(); null when none did.
const void* failed_caller();
/// Path of the library, or of the program, that has this code, and its offset, as addr2line wants it.
std::string place(const void* code);

/// Bytes that the whole process has allocated and not freed; 0 where a sanitizer looks for leaks itself.
int64_t live_bytes();

}  // namespace lapwing::test
