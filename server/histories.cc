#include "server/histories.h"

#include <string>
#include <utility>

#include "rules/registry.h"
#include "workspace/files.h"

namespace plimsoll::server {
namespace {

// The index of the migration that comes from the file; the number of migrations where none does.
size_t IndexOf(const Inputs& inputs, const std::string& path) {
  size_t index = 0;
  while (index < inputs.migrations.size() &&
         inputs.migrations[index].script->source->name() != path) {
    ++index;
  }
  return index;
}

// The document by itself, as a script that its author means to run.
Inputs Alone(const Document& document, const Placement& placement, int server_version) {
  Inputs inputs;
  inputs.server_version = server_version;
  inputs.migrations.push_back(MigrationOf(document.script, placement, server_version));
  inputs.migrations.back().down = false;
  return inputs;
}

}  // namespace

void Histories::Forget() {
  finder_ = std::make_unique<LayoutFinder>();
  configs_ = std::make_unique<ConfigFinder>();
  folders_.clear();
}

absl::Status Histories::Analyze(const std::string& uri, int server_version, Documents* documents) {
  const Document* document = documents->Find(uri);
  if (document == nullptr) return absl::OkStatus();
  Placement placement;
  absl::Status read;
  if (!document->path.empty()) {
    absl::StatusOr<Placement> placed = Place(document->path);
    if (placed.ok()) {
      placement = *std::move(placed);
    } else {
      read = placed.status();
    }
  }
  Inputs inputs;
  inputs.server_version = server_version;
  if (read.ok() && placement.layout != Layout::kBare) {
    read = Gather(placement, *documents, &inputs);
  }
  if (inputs.migrations.empty() || !read.ok()) {
    inputs = Alone(*document, placement, server_version);
  }
  Project project;
  project.inputs = std::move(inputs);
  if (!document->path.empty()) {
    absl::StatusOr<std::shared_ptr<const Config>> config = configs_->Find(ParentOf(document->path));
    if (config.ok()) project.config = *std::move(config);
    if (!config.ok() && read.ok()) read = config.status();
  }
  const auto report = std::make_shared<const Report>(Judge(std::move(project), {}));
  const std::vector<Migration>& migrations = report->history.migrations();
  for (auto& [name, open] : documents->all()) {
    for (uint32_t m = 0; m < migrations.size(); ++m) {
      if (migrations[m].script != open.script) continue;
      open.report = report;
      open.migration = m;
    }
  }
  return read;
}

// What is wrong with its settings is told elsewhere.
absl::StatusOr<Placement> Histories::Place(const std::string& path) {
  const absl::StatusOr<std::shared_ptr<const Config>> config = configs_->Find(ParentOf(path));
  return PlaceOf(*finder_, path, config.ok() ? config->get() : nullptr);
}

const absl::StatusOr<std::vector<Project>>& Histories::Read(const std::string& root,
                                                            int server_version) {
  const auto found = folders_.find(root);
  if (found != folders_.end()) return found->second;
  LoadOptions options;
  options.paths = {root};
  options.server_version = server_version;
  options.scripts = &scripts_;
  return folders_.emplace(root, Load(options)).first->second;
}

// The history of a layout's root: its files, and over them the open texts that stand in it.
absl::Status Histories::Gather(const Placement& placement, const Documents& documents,
                               Inputs* inputs) {
  // The first migration of a new folder has no file there yet.
  if (IsFolder(placement.root) && !ListFolder(placement.root).empty()) {
    const absl::StatusOr<std::vector<Project>>& projects =
        Read(placement.root, inputs->server_version);
    if (!projects.ok()) return projects.status();
    for (const Project& project : *projects) {
      if (project.layout != placement.layout) continue;
      if (AbsolutePath(project.root) == placement.root) *inputs = project.inputs;
    }
  }
  for (const auto& [uri, open] : documents.all()) {
    if (open.path.empty()) continue;
    const absl::StatusOr<Placement> place = Place(open.path);
    if (!place.ok()) continue;
    if (place->layout != placement.layout || place->root != placement.root) continue;
    const absl::Status overlaid = Overlay(open, *place, inputs);
    if (!overlaid.ok()) return overlaid;
  }
  return absl::OkStatus();
}

// Puts an open text in the place of its file, or where its file will stand once it is saved.
absl::Status Histories::Overlay(const Document& document, const Placement& placement,
                                Inputs* inputs) {
  Migration migration = MigrationOf(document.script, placement, inputs->server_version);
  std::vector<Migration>& migrations = inputs->migrations;
  const size_t index = IndexOf(*inputs, document.path);
  if (index < migrations.size()) {
    // Whether it counts as a down, and whose, was decided with all its neighbours in view.
    migration.down = migrations[index].down;
    migration.undoes = migrations[index].undoes;
    // What the records say was told of the file as it is saved.
    migration.drifts = std::move(migrations[index].drifts);
    migration.added = migrations[index].added;
    migrations[index] = std::move(migration);
    return absl::OkStatus();
  }
  return Insert(std::move(migration), placement, &migrations);
}

// Puts in a text that has no file yet, where its file will stand, and pairs it.
absl::Status Histories::Insert(Migration migration, const Placement& placement,
                               std::vector<Migration>* migrations) {
  const auto size = static_cast<uint32_t>(migrations->size());
  uint32_t place = size;
  uint32_t partner = size;
  for (uint32_t m = size; m-- > 0;) {
    const Migration& other = (*migrations)[m];
    const absl::StatusOr<Placement> there = Place(other.script->source->name());
    if (!there.ok()) return there.status();
    const bool same = other.down == migration.down;
    if (same ? placement.order < there->order : other.down) place = m;
    if (!same && !placement.pair.empty() && there->pair == placement.pair) partner = m;
  }
  for (Migration& one : *migrations) {
    if (one.undoes.has_value() && *one.undoes >= place) ++*one.undoes;
  }
  // Ups come before downs: that of a new down has kept its place.
  if (partner < size && migration.down) migration.undoes = partner;
  if (partner < size && !migration.down) (*migrations)[partner].undoes = place;
  migrations->insert(migrations->begin() + place, std::move(migration));
  return absl::OkStatus();
}

}  // namespace plimsoll::server
