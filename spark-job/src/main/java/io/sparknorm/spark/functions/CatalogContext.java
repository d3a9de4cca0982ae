package io.sparknorm.spark.functions;

import io.sparknorm.spark.config.FaultPolicies;

/** What functions know of the catalog that they are called through. */
record CatalogContext(String catalog, FaultPolicies policies) {
  FaultRules rules(String function) {
    return FaultRules.ofFunction(catalog, function, policies);
  }

  String qualified(String function) {
    return catalog + "." + function;
  }
}
