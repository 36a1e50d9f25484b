#include "analyzer/syntax/sandbox/raw_tree.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "analyzer/limits.h"
#include "analyzer/syntax/sandbox/node_layout.h"

namespace plimsoll::sandbox {
namespace {

using tree::Key;
using tree::Kind;
using tree::Tree;
using tree::Value;

// The nodes that libpg_query writes in ways of their own (pg_query_outfuncs_json.c).
enum SpecialTag : uint32_t {
  kList = 1,
  kConstant = 72,
  kInteger = 465,
  kFloat = 466,
  kBoolean = 467,
  kString = 468,
  kBitString = 469,
};

constexpr uint32_t kTagBound = 512;
constexpr uint32_t kCreateStmt = 160;

// By tag; null where there is none.
using LayoutTable = std::array<const NodeLayout*, kTagBound>;

constexpr LayoutTable MakeLayoutTable() {
  LayoutTable table = {};
  for (const NodeLayout& layout : kNodes) table[layout.tag] = &layout;
  return table;
}
constexpr LayoutTable kLayouts = MakeLayoutTable();
static_assert(kLayouts[kCreateStmt]->name == "CreateStmt");

template <typename T>
T Load(const char* bytes) {
  T loaded;
  memcpy(&loaded, bytes, sizeof loaded);
  return loaded;
}

class Reader {
 public:
  Reader(Instance& instance, Tree& tree) : instance_(instance), tree_(tree) {}

  RawTreeReading Read(Address list) {
    Value* const stmts = tree_.Allocate(1);
    stmts->key = Key("stmts").number();
    tree_.MakeRoot()->SetParts(Kind::kFields, stmts, 1);
    ReadList(list, /*of_bodies=*/true, stmts);
    while (!left_.empty() && reading_ == RawTreeReading::kRead) {
      const Left next = left_.back();
      left_.pop_back();
      depth_ = next.depth + 1;
      ReadOne(next);
      if (tree_.size() > kMaxTreeValues) reading_ = RawTreeReading::kTooLarge;
      if (depth_ > kMaxTreeDepth) reading_ = RawTreeReading::kTooDeep;
    }
    return reading_;
  }

 private:
  // What is yet to be read: an expression of 50,000 terms is nested as deeply.
  struct Left {
    FieldKind kind;  // kNode, kBody, kList or kEmbedded
    uint32_t depth;  // of what it is a part of
    Address address;
    Value* to;
  };

  void ReadOne(const Left& left) {
    if (left.kind == FieldKind::kList) {
      ReadList(left.address, /*of_bodies=*/false, left.to);
    } else if (left.kind == FieldKind::kEmbedded) {
      ReadFields(*kLayouts[kCreateStmt], left.address, left.to);
    } else {
      ReadNode(left.address, left.kind == FieldKind::kBody, left.to);
    }
  }

  void Fail() { reading_ = RawTreeReading::kUnknown; }

  // struct List { NodeTag type; int length; int max_length; ListCell *elements; … }
  void ReadList(Address list, bool of_bodies, Value* to) {
    to->SetParts(Kind::kList, nullptr, 0);
    if (list == 0) return;
    const char* const head = instance_.ReadBytes(list, 16);
    if (head == nullptr || Load<uint32_t>(head) != kList) return Fail();
    const auto count = Load<uint32_t>(head + 4);
    const auto elements = Load<Address>(head + 12);
    const char* const cells = instance_.ReadBytes(elements, size_t{count} * sizeof(Address));
    if (count > kMaxTreeValues || cells == nullptr) return Fail();
    Value* const items = tree_.Allocate(count);
    to->SetParts(Kind::kList, items, count);
    for (size_t i = count; i-- > 0;) {
      const auto item = Load<Address>(cells + i * sizeof(Address));
      if (item == 0) {
        items[i].SetParts(Kind::kFields, nullptr, 0);
      } else {
        left_.push_back({of_bodies ? FieldKind::kBody : FieldKind::kNode, depth_, item, &items[i]});
      }
    }
  }

  void ReadNode(Address node, bool is_body, Value* to) {
    const uint32_t tag = instance_.ReadWord(node);
    if (tag < kTagBound && kLayouts[tag] != nullptr) {
      const NodeLayout& layout = *kLayouts[tag];
      return ReadFields(layout, node, is_body ? to : Typed(layout.name, to));
    }
    switch (tag) {
      case kList: {
        Value* const items = Field("items", is_body ? to : Typed("List", to));
        return ReadList(node, /*of_bodies=*/false, items);
      }
      case kConstant:
        return ReadConstant(node, is_body ? to : Typed("A_Const", to));
      case kInteger:
        return ReadValue(node, is_body ? to : Typed("Integer", to));
      case kFloat:
        return ReadValue(node, is_body ? to : Typed("Float", to));
      case kBoolean:
        return ReadValue(node, is_body ? to : Typed("Boolean", to));
      case kString:
        return ReadValue(node, is_body ? to : Typed("String", to));
      case kBitString:
        return ReadValue(node, is_body ? to : Typed("BitString", to));
      default:
        return Fail();
    }
  }

  // Makes `to` a node of that type, and returns its body.
  Value* Typed(absl::string_view name, Value* to) {
    Value* const parts = tree_.Allocate(2);
    to->SetParts(Kind::kTyped, parts, 2);
    parts[0].SetText(name);
    parts[1].key = Key::Of(name).number();
    return &parts[1];
  }
  // Makes `to` an object of that field.
  Value* Field(Key key, Value* to) {
    Value* const field = tree_.Allocate(1);
    to->SetParts(Kind::kFields, field, 1);
    field->key = key.number();
    return field;
  }

  // A node of nodes/value.h: its value follows its tag.
  void ReadValue(Address node, Value* to) {
    const char* const bytes = instance_.ReadBytes(node, 8);
    if (bytes == nullptr) return Fail();
    to->SetParts(Kind::kFields, nullptr, 0);
    switch (Load<uint32_t>(bytes)) {
      case kInteger:
        if (const auto number = Load<int32_t>(bytes + 4)) Field("ival", to)->SetNumber(number);
        break;
      case kBoolean:
        Field("boolval", to)->SetFlag(bytes[4] != 0);
        break;
      case kFloat:
        SetText(Load<Address>(bytes + 4), Field("fval", to));
        break;
      case kString:
        SetText(Load<Address>(bytes + 4), Field("sval", to));
        break;
      case kBitString:
        SetText(Load<Address>(bytes + 4), Field("bsval", to));
        break;
      default:
        Fail();
    }
  }

  // struct A_Const { NodeTag type; union ValUnion val; bool isnull; ParseLoc location; }, where the
  // union is as large as an Integer.
  void ReadConstant(Address node, Value* to) {
    const char* const bytes = instance_.ReadBytes(node, 20);
    if (bytes == nullptr) return Fail();
    Value* const parts = tree_.Allocate(2);
    size_t count = 1;
    if (bytes[12] != 0) {
      parts[0].key = Key("isnull").number();
      parts[0].SetFlag(true);
    } else {
      ReadConstantValue(node + 4, &parts[0]);
    }
    if (const auto location = Load<int32_t>(bytes + 16)) {
      parts[count].key = Key("location").number();
      parts[count++].SetNumber(location);
    }
    to->SetParts(Kind::kFields, parts, count);
  }

  void ReadConstantValue(Address value, Value* to) {
    switch (instance_.ReadWord(value)) {
      case kInteger:
        to->key = Key("ival").number();
        break;
      case kFloat:
        to->key = Key("fval").number();
        break;
      case kString:
        to->key = Key("sval").number();
        break;
      case kBitString:
        to->key = Key("bsval").number();
        break;
      default:
        to->key = Key("boolval").number();
        // Here, what is false is left out.
        if (instance_.ReadWord(value + 4) % 256 == 0)
          return to->SetParts(Kind::kFields, nullptr, 0);
    }
    ReadValue(value, to);
  }

  void ReadFields(const NodeLayout& layout, Address node, Value* to) {
    const char* const bytes = instance_.ReadBytes(node, layout.bytes);
    if (bytes == nullptr) return Fail();
    Value* const fields = tree_.Allocate(layout.count);
    size_t count = 0;
    for (const FieldLayout& field : absl::MakeSpan(kFields).subspan(layout.first, layout.count)) {
      if (!ReadField(field, node, bytes + field.offset, &fields[count])) continue;
      fields[count++].key = field.key.number();
    }
    tree_.Trim(fields, count);
    to->SetParts(Kind::kFields, fields, count);
  }

  // False where it has its type's zero value, and is left out.
  bool ReadField(const FieldLayout& field, Address node, const char* at, Value* to) {
    switch (field.kind) {
      case FieldKind::kShort:
        to->SetNumber(Load<int16_t>(at));
        return to->number != 0;
      case FieldKind::kInt:
        to->SetNumber(Load<int32_t>(at));
        return to->number != 0;
      case FieldKind::kUnsigned:
        to->SetNumber(Load<uint32_t>(at));
        return to->number != 0;
      case FieldKind::kLong:
        to->SetNumber(Load<int64_t>(at));
        return to->number != 0;
      case FieldKind::kBool:
        to->SetFlag(*at != 0);
        return *at != 0;
      case FieldKind::kChar:
        if (*at != 0) tree_.SetText({at, 1}, to);
        return *at != 0;
      case FieldKind::kEnum:
        SetLabel(kLabelSets[field.labels], Load<uint32_t>(at), to);
        return true;
      case FieldKind::kText:
        return SetText(Load<Address>(at), to);
      case FieldKind::kEmbedded:
        left_.push_back({field.kind, depth_, node + field.offset, to});
        return true;
      case FieldKind::kNode:
      case FieldKind::kBody:
      case FieldKind::kList:
        break;
    }
    const auto address = Load<Address>(at);
    // A list nests what is in it, and not itself.
    const uint32_t depth = field.kind == FieldKind::kList ? depth_ - 1 : depth_;
    if (address != 0) left_.push_back({field.kind, depth, address, to});
    return address != 0;
  }

  static void SetLabel(const Labels& set, uint32_t number, Value* to) {
    const uint32_t place = number - set.first;
    to->SetText(place < set.labels.size() ? set.labels[place] : absl::string_view());
  }

  // False where there is none.
  bool SetText(Address text, Value* to) {
    if (text == 0) return false;
    const absl::Span<char> found = instance_.ReadString(text);
    if (found.data() == nullptr) Fail();
    tree_.SetText({found.data(), found.size()}, to);
    return true;
  }

  Instance& instance_;
  Tree& tree_;
  RawTreeReading reading_ = RawTreeReading::kRead;
  std::vector<Left> left_;
  uint32_t depth_ = 1;  // of what is being read
};

}  // namespace

RawTreeReading ReadRawTree(Instance& instance, Address list, Tree& tree) {
  return Reader(instance, tree).Read(list);
}

}  // namespace plimsoll::sandbox
