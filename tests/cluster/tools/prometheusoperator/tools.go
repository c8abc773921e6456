// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names the main package that ../build.py builds from this module.
package tools

import _ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
