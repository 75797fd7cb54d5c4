#include "sensor/cli/cli.h"

/// Settings of jemalloc(3). Rules and their databases are read at random: on pages of 2 MiB the processor finds them
/// without walking page tables, and the kernel hands over few pages instead of many.
extern "C" const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:always";

int main(int argc, char** argv) { return lapwing::run_command_line(argc, argv); }
