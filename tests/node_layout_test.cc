// Where the fields of PostgreSQL's parse nodes lie in the sandbox's memory, asked of libpg_query
// itself: a made-up node is put in the place of a statement, byte by byte, and the JSON it is
// written out as tells what stands where. What this finds is
// analyzer/syntax/sandbox/node_layout.inc; with PLIMSOLL_UPDATE=1 it is written anew, as a new
// release of the grammar needs.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/syntax/sandbox/instance.h"
#include "analyzer/syntax/tree.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace plimsoll {
namespace {

using sandbox::Address;
using sandbox::Instance;
using Json = nlohmann::ordered_json;
using Bytes = std::map<uint32_t, uint32_t>;  // by offset; all others are zero

// Beyond PostgreSQL's last tag, and beyond its largest node.
constexpr uint32_t kMaxTag = 700;
constexpr uint32_t kMaxNodeBytes = 256;

// Room far below the top of the stack that WebAssembly keeps in the memory: nobody is there.
constexpr uint32_t kDepth = uint32_t{1} << 20;
constexpr size_t kRoom = 4096;
constexpr Address kText = 1024;    // from the room's beginning: the text "zz"
constexpr Address kString = 1280;  // a String
constexpr Address kNode = 2048;

// As a number, one whose bytes are all 1; as an address, one where there are only zeros: an empty
// List, a node of no type.
constexpr uint32_t kProbe = 0x01010101;

class Prober {
 public:
  Prober() : instance_(Instance::Create()) {
    // A node's name tells its tag.
    for (uint32_t tag = 0; tag < kMaxTag; ++tag) {
      const std::optional<Json> written = Write(tag, {});
      if (written && written->contains("String")) string_tag_ = tag;
    }
  }

  // The JSON that a node of these bytes is written as. Nothing where the grammar does not survive
  // them.
  std::optional<Json> Write(uint32_t tag, const Bytes& bytes) {
    const auto substitute = [&](Address list) {
      const Address statement = instance_->ReadWord(instance_->ReadWord(list + 12));
      room_ = (PLIMSOLL_EXPORT_emscripten_stack_get_current(instance_->module()) - kDepth) & ~15u;
      memset(At(room_), 0, kRoom);
      memcpy(At(room_ + kText), "zz", 2);
      Put(room_ + kString, string_tag_);
      Put(room_ + kString + 4, room_ + kText);
      Put(room_ + kNode, tag);
      for (const auto& [offset, byte] : bytes)
        *At(room_ + kNode + offset) = static_cast<char>(byte);
      // The statement of a RawStmt stands behind its tag.
      Put(statement + 4, room_ + kNode);
      return false;
    };
    const sandbox::Ending ending =
        instance_->Visit(sandbox::kParseSql, "select 1", Instance::TreeTaker(substitute));
    if (ending != sandbox::Ending::kReturned) {
      instance_ = Instance::Create();
      return std::nullopt;
    }
    const absl::Span<char> text = instance_->ReadString(instance_->ReadWord(instance_->answer()));
    const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
    if (json.is_discarded()) return std::nullopt;
    return json["stmts"][0]["stmt"];
  }
  std::optional<Json> WriteWord(uint32_t tag, uint32_t offset, uint32_t word) {
    Bytes bytes;
    for (uint32_t i = 0; i < 4; ++i) bytes[offset + i] = word >> (8 * i) & 0xff;
    return Write(tag, bytes);
  }
  // Where they were at the last call.
  Address text() const { return room_ + kText; }
  Address string() const { return room_ + kString; }

 private:
  // A place in the sandbox, to be written to.
  char* At(Address address) { return instance_->ReadString(address).data(); }
  void Put(Address address, uint32_t word) { memcpy(At(address), &word, sizeof word); }

  std::unique_ptr<Instance> instance_;
  Address room_ = 0;
  uint32_t string_tag_ = 0;
};

// What libpg_query writes for a number that its enum does not have.
constexpr char kNoLabel[] = "(null)";

struct Field {
  std::string name;
  std::string kind;
  uint32_t offset = 0;
  uint32_t bytes = 0;
  std::vector<std::string> labels;
};

class Layouts {
 public:
  std::string Find() {
    for (uint32_t tag = 2; tag < kMaxTag; ++tag) AddNode(tag);
    return Text();
  }

  // Of all nodes and fields, each as often as it was found.
  const std::vector<std::string>& names() const { return names_; }

 private:
  // What libpg_query writes in a way of its own, and what no statement's tree holds: nodes with
  // numbers of the planner's.
  static bool IsLeftOut(const std::string& name, const Json& body) {
    static const auto& special =
        *new std::vector<std::string>{"List",    "IntList", "OidList",   "Integer", "Float",
                                      "Boolean", "String",  "BitString", "A_Const"};
    return std::count(special.begin(), special.end(), name) > 0 ||
           std::any_of(body.begin(), body.end(),
                       [](const Json& value) { return value.is_number_float(); });
  }

  void AddNode(uint32_t tag) {
    const std::optional<Json> written = prober_.Write(tag, {});
    if (!written || written->empty()) return;
    const std::string name = written->begin().key();
    const Json zero = written->begin().value();
    if (IsLeftOut(name, zero)) return;
    std::vector<Field> fields;
    for (uint32_t offset = 4; offset < kMaxNodeBytes; offset += 4) {
      AddFields(tag, name, zero, offset, fields);
    }
    for (const auto& [field, value] : zero.items()) {
      if (value == kNoLabel) FindEnum(tag, name, field, fields);
    }
    AddRows(tag, name, std::move(fields));
  }

  // One whose numbers are letters.
  void FindEnum(uint32_t tag, const std::string& node, const std::string& name,
                std::vector<Field>& fields) {
    for (uint32_t offset = 4; offset < kMaxNodeBytes; offset += 4) {
      Field field = {name, "Enum", offset, 4, {}};
      field.labels = LabelsOf(tag, node, field);
      if (!field.labels.empty()) return fields.push_back(std::move(field));
    }
  }

  // The fields that lie in the four bytes at `offset`.
  void AddFields(uint32_t tag, const std::string& node, const Json& zero, uint32_t offset,
                 std::vector<Field>& fields) {
    const auto changes = [&](const std::optional<Json>& written, auto add) {
      if (!written) return;
      for (const auto& [name, value] : written->at(node).items()) {
        if (!zero.contains(name) || zero[name] != value) add(name, value);
      }
    };
    changes(prober_.WriteWord(tag, offset, prober_.text()),
            [&](const std::string& name, const Json& value) {
              if (value == "zz") fields.push_back({name, "Text", offset, 4});
            });
    if (!fields.empty() && fields.back().offset == offset) return;
    for (uint32_t byte = offset; byte < offset + 4; ++byte) {
      changes(prober_.Write(tag, {{byte, 'A'}}), [&](const std::string& name, const Json& value) {
        if (value == "A") fields.push_back({name, "Char", byte, 1});
      });
      changes(prober_.Write(tag, {{byte, 1}}), [&](const std::string& name, const Json& value) {
        if (value == true) fields.push_back({name, "Bool", byte, 1});
      });
    }
    changes(
        prober_.WriteWord(tag, offset, kProbe), [&](const std::string& name, const Json& value) {
          if (value.is_boolean()) return;
          const auto known = std::find_if(fields.begin(), fields.end(),
                                          [&](const Field& field) { return field.name == name; });
          if (known == fields.end()) {
            fields.push_back({.name = name, .offset = offset, .bytes = 4});
            Classify(tag, node, zero, value, fields.back());
            return;
          }
          // The second half of a number, or what is embedded.
          if (known->kind != "Embedded") known->kind = "Long";
          known->bytes = offset + 4 - known->offset;
        });
  }

  void Classify(uint32_t tag, const std::string& node, const Json& zero, const Json& probed,
                Field& field) {
    const auto write = [&](const Bytes& bytes) {
      return Of(prober_.Write(tag, bytes), node, field.name);
    };
    if (zero.contains(field.name) && zero[field.name].is_object()) {
      field.kind = "Embedded";
      field.offset = 0;
    } else if (probed == (kProbe & 0xffff)) {
      field.kind = "Short";
      field.bytes = 2;
      if (write({{field.offset, 1}}) != 1) field.offset += 2;
    } else if (probed.is_number()) {
      field.kind = write({{field.offset + 3, 0x80}}) < 0 ? "Int" : "Unsigned";
    } else if (zero.contains(field.name)) {
      field.kind = "Enum";
      field.labels = LabelsOf(tag, node, field);
    } else if (probed.is_array()) {
      field.kind = "List";
    } else {
      const Json string =
          Of(prober_.WriteWord(tag, field.offset, prober_.string()), node, field.name);
      field.kind = string.contains("String") ? "Node" : "Body";
    }
  }

  static Json Of(const std::optional<Json>& written, const std::string& node,
                 const std::string& field) {
    return written && written->at(node).contains(field) ? written->at(node)[field] : Json();
  }

  std::vector<std::string> LabelsOf(uint32_t tag, const std::string& node, const Field& field) {
    std::vector<std::string> labels;
    for (uint32_t number = 0; number < 256; ++number) {
      const std::optional<Json> written = prober_.Write(tag, {{field.offset, number}});
      const std::string label =
          Of(written, node, field.name).is_string() ? Of(written, node, field.name) : Json("");
      labels.push_back(label == kNoLabel ? "" : label);
    }
    while (!labels.empty() && labels.back().empty()) labels.pop_back();
    return labels;
  }

  void AddRows(uint32_t tag, const std::string& name, std::vector<Field> fields) {
    std::sort(fields.begin(), fields.end(),
              [](const Field& a, const Field& b) { return a.offset < b.offset; });
    uint32_t bytes = 4;
    for (const Field& field : fields) bytes = std::max(bytes, field.offset + field.bytes);
    absl::StrAppend(&nodes_, "    {", tag, ", ", bytes, ", ", field_count_, ", ", fields.size(),
                    ", \"", name, "\"},\n");
    if (!fields.empty()) absl::StrAppend(&fields_, "    // ", name, "\n");
    names_.push_back(name);
    for (const Field& field : fields) {
      names_.push_back(field.name);
      absl::StrAppend(&fields_, "    {", field.offset, ", FieldKind::k", field.kind, ", ",
                      field.labels.empty() ? 0 : LabelSet(field.labels), ", \"", field.name,
                      "\"},\n");
    }
    field_count_ += fields.size();
  }

  size_t LabelSet(const std::vector<std::string>& labels) {
    const auto found = std::find(label_sets_.begin(), label_sets_.end(), labels);
    if (found != label_sets_.end()) return static_cast<size_t>(found - label_sets_.begin());
    label_sets_.push_back(labels);
    return label_sets_.size() - 1;
  }

  std::string Text() const {
    std::string text =
        "// Written by tests/node_layout_test.cc, which asks libpg_query. Do not edit.\n"
        "// clang-format off\n\n";
    std::string sets;
    for (size_t i = 0; i < label_sets_.size(); ++i) {
      const std::vector<std::string>& labels = label_sets_[i];
      const auto first = std::find_if(labels.begin(), labels.end(),
                                      [](const std::string& label) { return !label.empty(); });
      absl::StrAppend(&text, "inline constexpr absl::string_view kLabels", i, "[] = {\n    \"",
                      absl::StrJoin(first, labels.end(), "\",\n    \""), "\"};\n");
      absl::StrAppend(&sets, "    {", first - labels.begin(), ", kLabels", i, "},\n");
    }
    absl::StrAppend(&text, "\ninline constexpr Labels kLabelSets[] = {\n", sets, "};\n");
    absl::StrAppend(&text, "\ninline constexpr FieldLayout kFields[] = {\n", fields_, "};\n");
    absl::StrAppend(&text, "\ninline constexpr NodeLayout kNodes[] = {\n", nodes_, "};\n");
    return text;
  }

  Prober prober_;
  std::string nodes_;
  std::string fields_;
  size_t field_count_ = 0;
  std::vector<std::vector<std::string>> label_sets_;
  std::vector<std::string> names_;
};

TEST(NodeLayout, IsWhatTheGrammarWrites) {
  const std::string path =
      absl::StrCat(PLIMSOLL_SOURCE_DIR, "/analyzer/syntax/sandbox/node_layout.inc");
  Layouts layouts;
  const std::string found = layouts.Find();
  // A number that two names share would take one field for another.
  std::map<uint32_t, std::string> names;
  for (const std::string& name : layouts.names()) {
    EXPECT_EQ(names.emplace(tree::Key::Of(name).number(), name).first->second, name);
  }
  if (std::getenv("PLIMSOLL_UPDATE") != nullptr) {
    std::ofstream(path) << found;
    return;
  }
  std::ostringstream kept;
  kept << std::ifstream(path).rdbuf();
  EXPECT_EQ(kept.str(), found) << "run this test with PLIMSOLL_UPDATE=1 and look at the difference";
}

}  // namespace
}  // namespace plimsoll
