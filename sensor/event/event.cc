#include "sensor/event/event.h"

namespace lapwing {

bool ready(const Field& field, const Transaction& tx, Direction direction) {
  if (field.side == Side::to_server && direction != Direction::to_server) return false;
  if (field.side == Side::to_client && direction != Direction::to_client) return false;
  return tx.progress[index(direction)] >= field.stage;
}

}  // namespace lapwing
