package io.sparknorm.spark.config;

import io.sparknorm.kernels.TensorShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A block of {@code features} with its norm and its model.
 *
 * @param form whether one column holds the tensor, or each column is a channel
 * @param columns the input columns, a single one if it holds the tensor
 * @param outputs the column that each of {@code columns} becomes
 * @param shape of one record; always there for a fit, for scalar columns and beside a norm, else
 *     the model's holds
 * @param norm the norm of the job file; always there for a fit, else the model's may hold
 * @param mode which statistics to normalise by
 * @param weight the column that says how many times a fit counts each record, where there is one
 * @param groupBy the columns whose values say which statistics a record has; empty where all have
 *     the same, and where those of the model hold
 * @param unseen what becomes of a record whose group was not fitted
 * @param model what a fit publishes and apply takes; there if the norm needs a store
 */
public record FeatureSpec(
    Form form,
    List<String> columns,
    List<String> outputs,
    Optional<TensorShape> shape,
    Optional<NormSpec> norm,
    Mode mode,
    Optional<String> weight,
    List<String> groupBy,
    Unseen unseen,
    Optional<ModelReference> model) {
  /** How columns make up a tensor. */
  public enum Form {
    /** One column holds it. */
    TENSOR,
    /** Each column is a channel. */
    SCALARS
  }

  public FeatureSpec {
    columns = List.copyOf(columns);
    outputs = List.copyOf(outputs);
    groupBy = List.copyOf(groupBy);
  }

  /** A block without groups. */
  public FeatureSpec(
      Form form,
      List<String> columns,
      List<String> outputs,
      Optional<TensorShape> shape,
      Optional<NormSpec> norm,
      Mode mode,
      Optional<String> weight,
      Optional<ModelReference> model) {
    this(form, columns, outputs, shape, norm, mode, weight, List.of(), Unseen.FAIL, model);
  }

  /** The same block with the groups of these columns. */
  public FeatureSpec groupedBy(List<String> keys) {
    return new FeatureSpec(form, columns, outputs, shape, norm, mode, weight, keys, unseen, model);
  }

  /** Whether a job of this command fits the block, and does not apply what was fitted before. */
  public boolean isFittedBy(Command command) {
    return command == Command.FIT || (command.fits() && mode == Mode.TRAIN);
  }

  /** The columns that a fit reads. */
  public List<String> columnsFitted() {
    List<String> fitted = new ArrayList<>(columns);
    weight.ifPresent(fitted::add);
    fitted.addAll(groupBy);
    return fitted;
  }

  /** The names of the channels, where the columns give them. */
  public List<String> channelNames() {
    return form == Form.SCALARS ? columns : List.of();
  }
}
