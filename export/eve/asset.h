// asset records.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "sensor/event/asset.h"

namespace lapwing {

/// The object "asset" of the record, as a value.
void write_asset_object(JsonWriter& json, const Asset& asset);
void write_asset_record(std::string& out, RecordTools& tools, const Asset& asset);

}  // namespace lapwing
