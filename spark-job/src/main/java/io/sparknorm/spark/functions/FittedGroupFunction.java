package io.sparknorm.spark.functions;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(unseen, key)}: true where the group of a record was fitted; where it was not, the query
 * ends and the group is named. Of use behind what drops records, which a {@link
 * GroupedPassFunction} cannot know of.
 */
final class FittedGroupFunction implements UnboundFunction {
  private final String name;
  private final GroupedNorm norm;
  private final FaultRules rules;

  FittedGroupFunction(String name, GroupedNorm norm, FaultRules rules) {
    this.name = name;
    this.norm = norm;
    this.rules = rules;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    StructType key = (StructType) inputType.fields()[1].dataType();
    return new Bound(name, key, norm.key(), rules, norm.unseenSetting());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return name + "(unseen, key): whether the group was fitted, which it has to be";
  }

  /** Called by generated code: {@code invoke} stays public and keeps its name. */
  public static final class Bound extends BoundScalar<Boolean> {
    private static final long serialVersionUID = 1L;

    private final GroupKey key;
    private final FaultRules rules;
    private final String setting;

    Bound(String name, StructType type, GroupKey key, FaultRules rules, String setting) {
      super(name, DataTypes.BooleanType, DataTypes.BooleanType, type);
      this.key = key;
      this.rules = rules;
      this.setting = setting;
    }

    public boolean invoke(boolean unseen, InternalRow group) {
      if (unseen) {
        throw rules.unseen(key.describe(group, 0), setting);
      }

      return true;
    }

    @Override
    public boolean isResultNullable() {
      return false;
    }
  }
}
