// What was measured, on the disk as soon as it is: one JSON document a line, appended and synced.
//
// A run that is killed loses the measurement in flight and nothing else: a last line without its line feed is cut off
// when the journal is opened again. One run at a time writes to a journal; it holds a lock (flock) that the kernel
// takes back when the process ends, however it ends. The journal stands beside the store that it becomes, as
// STORE.journal, and is removed when the store is complete.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/measurement.hpp"

namespace ridgeline {

class MeasuringJournal {
 public:
  /// A new one for `set` (whose rows are left aside), or with `resume` the one that is there. Error when there is one
  /// already, when there is none to resume, when it is of another device, runtime or precision, and when another run
  /// holds it.
  MeasuringJournal(const std::filesystem::path& store, const MeasurementSet& set, bool resume);
  ~MeasuringJournal();
  MeasuringJournal(const MeasuringJournal&) = delete;
  MeasuringJournal& operator=(const MeasuringJournal&) = delete;

  void append(const Measurement& row);
  /// Rows of one model.
  void append(const std::vector<Measurement>& rows);
  void append(const Exclusion& failed);
  /// Everything so far. Rows of an id that is there twice: the last one.
  const MeasurementSet& set() const { return set_; }
  /// Measured, as a whole or by its operators, or failed.
  bool contains(const std::string& id) const;
  /// The store holds it all: the journal is not needed any more.
  void remove();

 private:
  void write(const std::string& line);
  void keep(Measurement row);
  void read();

  std::filesystem::path file_;
  int descriptor_ = -1;
  MeasurementSet set_;
};

/// Where the journal of a store stands.
std::filesystem::path journal_of(const std::filesystem::path& store);

}  // namespace ridgeline
