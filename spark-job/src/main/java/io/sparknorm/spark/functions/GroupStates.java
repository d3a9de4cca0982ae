package io.sparknorm.spark.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;

/** The states of a column's groups that a task holds, and how much memory they take. */
final class GroupStates {
  /** A state without moments, with its place in the table. */
  private static final int EMPTY_BYTES = 256;

  private final GroupKey key;
  private final KeyBuffer buffer = new KeyBuffer();
  private KeyIndex index = new KeyIndex();
  private List<FitState> states = new ArrayList<>();
  private long bytes;

  GroupStates(GroupKey key) {
    this.key = key;
  }

  /** The state of a record's group, of which the key stands from an ordinal on. */
  FitState of(InternalRow row, int from) {
    key.write(row, from, buffer);
    int group = index.add(buffer);
    if (group == states.size()) {
      states.add(FitState.sparing());
      bytes += EMPTY_BYTES + buffer.length();
    }

    return states.get(group);
  }

  /** Takes account of what was added to a state. */
  void grew(FitState state) {
    bytes += state.growth();
  }

  /** What all of it takes, roughly. */
  long bytes() {
    return bytes;
  }

  /** The groups, made bytes of one by one; what is added from now on is not among them. */
  Stream<GroupState> take() {
    KeyIndex keys = index;
    List<FitState> taken = states;
    index = new KeyIndex();
    states = new ArrayList<>();
    bytes = 0;
    return IntStream.range(0, taken.size())
        .mapToObj(group -> new GroupState(keys.key(group), taken.set(group, null).toBytes()));
  }
}
