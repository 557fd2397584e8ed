{{/* Labels that every object of the release carries. */}}
{{- define "ringmaster.labels" -}}
{{ include "ringmaster.selector" . }}
app.kubernetes.io/part-of: ringmaster
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Labels that the operator's pods are selected by; the NetworkPolicy of each run names the first. */}}
{{- define "ringmaster.selector" -}}
app.kubernetes.io/name: ringmaster
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{/* Cluster-wide objects are told apart by namespace and release. */}}
{{- define "ringmaster.globalName" -}}
{{ .Release.Namespace }}-{{ .Release.Name }}
{{- end }}

{{/* An image of the values by digest or tag, by default that of the chart's own version. */}}
{{- define "ringmaster.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .version }}
{{- end -}}
{{- end }}

{{/* A selector of one namespace, or of all where none is named. */}}
{{- define "ringmaster.namespaces" -}}
{{- if . }}{ matchLabels: { kubernetes.io/metadata.name: {{ . }} } }{{ else }}{}{{ end }}
{{- end }}
