#include "calib/measuring/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/document.hpp"
#include "base/error.hpp"
#include "data/sets.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

Json value_json(const MeasuredValue& value) {
  Json json = {{"value", value.value}};
  if (value.standard_deviation) json["std"] = *value.standard_deviation;
  return json;
}
MeasuredValue value_of(const Json& json) {
  MeasuredValue value{json.at("value").get<double>(), {}};
  if (json.contains("std")) value.standard_deviation = json.at("std").get<double>();
  return value;
}
std::optional<MeasuredValue> optional_value(const Json& json, const char* key) {
  return json.contains(key) ? std::optional(value_of(json.at(key))) : std::nullopt;
}

Json row_json(const Measurement& row) {
  const Workload& w = row.workload;
  Json json = {{"id", row.id},
               {"model", row.model},
               {"order", row.order},
               {"task", name(w.task)},
               {"batch", w.batch},
               {"length", w.length},
               {"new_tokens", w.new_tokens},
               {"beams", w.beams},
               {"adam", w.optimiser == Optimiser::adam}};
  if (row.latency) json["latency"] = value_json(*row.latency);
  if (row.energy) json["energy"] = value_json(*row.energy);
  if (row.peak_power) json["peak_power"] = value_json(*row.peak_power);
  for (const MeasuredPart& part : row.parts)
    json["parts"].push_back({{"phase", part.phase}, {"latency", value_json(part.latency)}});
  if (row.op) json["operator"] = {{"phase", row.op->phase}, {"vertex", row.op->vertex}, {"label", row.op->label}};
  json["conditions"] = row.conditions;
  json["architecture"] = to_yaml(row.definition);
  return json;
}

Measurement row_of(const Json& json, const MeasurementSet& set, const InputLocation& line) {
  Measurement row;
  row.id = json.at("id"), row.model = json.at("model"), row.order = json.at("order");
  row.definition =
      parse_model_or_graph(parse_document(json.at("architecture").get<std::string>(), row.id), row.model);
  Workload& w = row.workload;
  w.task = parse_task(line, json.at("task").get<std::string>());
  w.batch = json.at("batch"), w.length = json.at("length");
  w.new_tokens = json.at("new_tokens"), w.beams = json.at("beams");
  w.optimiser = json.at("adam").get<bool>() ? Optimiser::adam : Optimiser::sgd;
  w.numerics = uniform_numerics(set.precision);
  set_runtime(w, set.runtime);
  row.latency = optional_value(json, "latency");
  row.energy = optional_value(json, "energy");
  row.peak_power = optional_value(json, "peak_power");
  if (json.contains("parts"))
    for (const Json& part : json.at("parts")) row.parts.push_back({part.at("phase"), value_of(part.at("latency"))});
  if (json.contains("operator")) {
    const Json& op = json.at("operator");
    row.op = MeasuredOperator{op.at("phase"), op.at("vertex"), op.at("label")};
  }
  row.conditions = json.at("conditions").get<std::map<std::string, std::string>>();
  return row;
}

Json header_of(const MeasurementSet& set) {
  return {{"ridgeline", "measuring journal"},
          {"schema", kSchema},
          {"name", set.name},
          {"device", set.device},
          {"runtime", set.runtime},
          {"precision", name(set.precision)},
          {"power_mode", set.power_mode},
          {"source", set.source}};
}

}  // namespace

fs::path journal_of(const fs::path& store) {
  fs::path file = store;
  file += ".journal";
  return file;
}

MeasuringJournal::MeasuringJournal(const fs::path& store, const MeasurementSet& set, bool resume)
    : file_(journal_of(store)), set_(set) {
  set_.rows.clear();
  set_.excluded.clear();
  set_.ordered = true;
  const auto fail = [&](const std::string& what) { throw Error(fmt::format("{}: {}", file_.string(), what)); };
  if (resume && !fs::exists(file_)) fail("there is no unfinished run to resume");
  for (;;) {
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(fmt::format("cannot be written: {}", std::strerror(errno)));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      descriptor_ = -1;
      fail("another run is writing to it");
    }
    // The run that held it may have finished and removed it in between.
    struct stat opened {
    }, named{};
    if (::fstat(descriptor_, &opened) == 0 && ::stat(file_.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
        opened.st_dev == named.st_dev)
      break;
    ::close(descriptor_);
  }
  try {
    struct stat there {};
    ::fstat(descriptor_, &there);
    if (there.st_size > 0 && !resume) fail("an unfinished run is there already; go on with --resume, or remove it");
    if (there.st_size > 0)
      read();
    else
      write(header_of(set_).dump());
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

MeasuringJournal::~MeasuringJournal() { ::close(descriptor_); }

void MeasuringJournal::write(const std::string& line) {
  const std::string whole = line + "\n";
  for (std::size_t done = 0; done < whole.size();) {
    const ssize_t n = ::write(descriptor_, whole.data() + done, whole.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(fmt::format("{}: cannot be written: {}", file_.string(), std::strerror(errno)));
    done += static_cast<std::size_t>(n);
  }
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL)
    throw Error(fmt::format("{}: cannot be written: {}", file_.string(), std::strerror(errno)));
}

void MeasuringJournal::read() {
  std::string text;
  char buffer[65536];
  ::lseek(descriptor_, 0, SEEK_SET);
  for (ssize_t n = 0; (n = ::read(descriptor_, buffer, sizeof buffer)) != 0;) {
    if (n < 0) throw Error(fmt::format("{}: cannot be read: {}", file_.string(), std::strerror(errno)));
    text.append(buffer, static_cast<std::size_t>(n));
  }
  const std::size_t whole = text.rfind('\n') + 1;  // 0 where not even the header is whole
  if (whole < text.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0)
    throw Error(fmt::format("{}: cannot be cut: {}", file_.string(), std::strerror(errno)));
  if (whole == 0) return write(header_of(set_).dump());
  int number = 0;
  for (std::size_t begin = 0, end = 0; begin < whole; begin = end + 1) {
    end = text.find('\n', begin);
    ++number;
    const InputLocation line{file_.string(), number, 0, ""};
    const auto wrong = [&](std::string_view problem, std::string_view hint = {}) {
      throw InputError(line, problem, hint);
    };
    try {
      const Json json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                    text.begin() + static_cast<std::ptrdiff_t>(end));
      if (number == 1) {
        if (json.value("ridgeline", "") != "measuring journal" || json.at("schema").get<int>() != kSchema)
          wrong("this is no journal of this version of Ridgeline");
        const Json mine = header_of(set_);
        for (const char* key : {"device", "runtime", "precision", "power_mode"})
          if (json.at(key) != mine.at(key))
            wrong(fmt::format("its {} is {}, not {}", key, json.at(key).dump(), mine.at(key).dump()),
                  "resume it with what it was begun with");
      } else if (json.contains("failed")) {
        set_.excluded.push_back({json.at("failed"), json.at("reason")});
      } else {
        keep(row_of(json, set_, line));
      }
    } catch (const Json::exception& error) {
      wrong(fmt::format("damaged: {}", error.what()));
    } catch (const InputError&) {
      throw;
    } catch (const Error& error) {
      wrong(fmt::format("damaged: {}", error.what()));
    }
  }
}

void MeasuringJournal::keep(Measurement row) {
  const auto same = std::find_if(set_.rows.begin(), set_.rows.end(), [&](const auto& r) { return r.id == row.id; });
  if (same != set_.rows.end()) set_.rows.erase(same);
  set_.rows.push_back(std::move(row));
}

void MeasuringJournal::append(const Measurement& row) { append(std::vector{row}); }

void MeasuringJournal::append(const std::vector<Measurement>& rows) {
  std::string lines;
  for (const Measurement& row : rows) lines += (lines.empty() ? "" : "\n") + row_json(row).dump();
  if (!rows.empty()) write(lines);
  for (const Measurement& row : rows) keep(row);
}

void MeasuringJournal::append(const Exclusion& failed) {
  write(Json{{"failed", failed.id}, {"reason", failed.reason}}.dump());
  set_.excluded.push_back(failed);
}

bool MeasuringJournal::contains(const std::string& id) const {
  const auto is_of_it = [&](const Measurement& row) {
    return row.id == id || (row.op && row.id.starts_with(id) && row.id.compare(id.size(), 2, ": ") == 0);
  };
  return std::any_of(set_.rows.begin(), set_.rows.end(), is_of_it) ||
         std::any_of(set_.excluded.begin(), set_.excluded.end(), [&](const auto& e) { return e.id == id; });
}

void MeasuringJournal::remove() { ::unlink(file_.c_str()); }

}  // namespace ridgeline
