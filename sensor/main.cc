#include "sensor/cli/cli.h"

int main(int argc, char** argv) {
  return lapwing::run_command_line(argc, argv);
}
