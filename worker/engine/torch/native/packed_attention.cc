#include "packed_attention.h"

#include <stdexcept>
#include <string>

namespace lockstep {

void require_groups(const std::vector<Group>& groups, int64_t rows) {
  int64_t next = 0;
  bool in_order = true;
  for (const Group& group : groups) {
    // None is larger than what is left of the rows, so that their products cannot overflow.
    in_order = in_order && group.first_row == next && group.count > 0 && group.length > 0 &&
               group.count <= (rows - next) / group.length;
    if (group.leaves < 0 || group.leaves > group.length) {
      throw std::invalid_argument("a group has " + std::to_string(group.leaves) +
                                  " leaves: must be at most its length, " +
                                  std::to_string(group.length));
    }
    if (!in_order) break;
    next += group.count * group.length;
  }
  if (!in_order || next != rows) {
    throw std::invalid_argument("the groups are not the rows 0 to " + std::to_string(rows) +
                                " in order");
  }
}

}  // namespace lockstep
