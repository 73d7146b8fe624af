//! How many servers of each version there are to be: the arithmetic of Kubernetes and of Argo Rollouts.
