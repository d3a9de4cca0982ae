package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.models.GroupBy;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructField;

/**
 * The columns by which records are grouped, and the bytes that stand for their values. Values are
 * the same key when {@code GROUP BY} takes them for the same: null is a value like others, all NaN
 * are one and so are 0.0 and -0.0. The bytes do not depend on Spark:
 *
 * <p>For each column 0 for null, or 1 and the value: boolean as 1 byte, tinyint, smallint, int,
 * date and intervals of months as 4 bytes, bigint, timestamps, times and intervals of days as 8
 * bytes; float and double as their bits, 4 and 8 bytes; decimal, string and binary as 4 bytes with
 * a length and that many: the unscaled integer in the shortest two's complement, or UTF-8, or the
 * bytes.
 */
public final class GroupKey implements Serializable {
  private static final long serialVersionUID = 1L;

  /** No groups. */
  public static final GroupKey NONE = new GroupKey(List.of(), new KeyColumn[0]);

  private final List<String> names;
  private final KeyColumn[] columns;

  private GroupKey(List<String> names, KeyColumn[] columns) {
    this.names = names;
    this.columns = columns;
  }

  /**
   * The key of these columns.
   *
   * @throws JobException if records cannot be grouped by one of them
   */
  public static GroupKey of(List<StructField> fields) {
    List<String> names = new ArrayList<>();
    KeyColumn[] columns = new KeyColumn[fields.size()];
    for (int i = 0; i < columns.length; i++) {
      names.add(fields.get(i).name());
      columns[i] = KeyColumn.of(fields.get(i));
    }

    return new GroupKey(List.copyOf(names), columns);
  }

  public boolean isEmpty() {
    return columns.length == 0;
  }

  /** What a model with these groups says of them. */
  public GroupBy by() {
    List<String> types = new ArrayList<>();
    for (KeyColumn column : columns) {
      types.add(column.type());
    }

    return new GroupBy(names, types);
  }

  int size() {
    return columns.length;
  }

  /** Puts the bytes of the values that stand from an ordinal on in place of those in the buffer. */
  void write(InternalRow row, int from, KeyBuffer to) {
    to.clear();
    for (int i = 0; i < columns.length; i++) {
      if (row.isNullAt(from + i)) {
        to.putByte(0);
      } else {
        to.putByte(1);
        columns[i].write(row, from + i, to);
      }
    }
  }

  /** The values for people to read, such as {@code country = DE, day = null}. */
  String describe(InternalRow row, int from) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < columns.length; i++) {
      Object value = row.isNullAt(from + i) ? null : columns[i].value(row, from + i);
      values.add("%s = %s".formatted(names.get(i), value));
    }

    return String.join(", ", values);
  }
}
