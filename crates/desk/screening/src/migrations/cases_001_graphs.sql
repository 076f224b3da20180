-- Versions of graphs of cases. A graph is named by the item that holds its first version; an item of a graph that is not here is a first version.
CREATE TABLE case_graphs (
  graph BIGINT NOT NULL,
  version BIGINT NOT NULL,
  -- The item of the case that holds this version.
  item BIGINT NOT NULL,
  case_id BIGINT NOT NULL,
  PRIMARY KEY (graph, version)
);
CREATE UNIQUE INDEX case_graphs_item ON case_graphs (item);
CREATE INDEX case_graphs_case ON case_graphs (case_id, graph);
