#ifndef PLIMSOLL_SERVER_HISTORIES_H_
#define PLIMSOLL_SERVER_HISTORIES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/simulation/history.h"
#include "server/documents.h"
#include "workspace/layout.h"
#include "workspace/load.h"

// The migrations among which an open text stands. What it costs depends on the files before it, so
// it is analysed together with those of its folder: with the texts of the editor where they are
// open, with the files of the disk where they are not. A file that follows no layout is analysed
// alone.

namespace plimsoll::server {

class Histories {
 public:
  // Files on disk may have changed: reads them again when they are next asked for.
  void Forget();

  // Analyses the history that the document stands in and notes the outcome at each open document of
  // that history. Where its folder cannot be read, the document is analysed alone and the error
  // says what could not be read.
  absl::Status Analyze(const std::string& uri, int server_version, Documents* documents);

 private:
  absl::StatusOr<Placement> Place(const std::string& path);
  const absl::StatusOr<std::vector<Project>>& Read(const std::string& root, int server_version);
  absl::Status Gather(const Placement& placement, const Documents& documents, Inputs* inputs);
  absl::Status Overlay(const Document& document, const Placement& placement, Inputs* inputs);
  absl::Status Insert(Migration migration, const Placement& placement,
                      std::vector<Migration>* migrations);

  std::unique_ptr<LayoutFinder> finder_ = std::make_unique<LayoutFinder>();
  std::unique_ptr<ConfigFinder> configs_ = std::make_unique<ConfigFinder>();
  ScriptCache scripts_;
  // By the root of their layout. What failed is kept too, lest it be tried again at every key.
  std::map<std::string, absl::StatusOr<std::vector<Project>>> folders_;
};

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_HISTORIES_H_
