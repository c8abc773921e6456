// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names the main package that ../build.py builds from this module: the API server of
// the newest Kubernetes, whose libraries are not those of ../kubernetes.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
